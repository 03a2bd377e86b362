#include "coordinator/cli/doctor.h"

#include <nlohmann/json.hpp>

#include "common/base/version.h"
#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

Finding Find(const std::vector<Finding>& findings, absl::string_view check) {
  for (const Finding& finding : findings)
    if (finding.check == check) return finding;
  ADD_FAILURE() << "no check " << check;
  return {};
}

TEST(Doctor, EveryLineIsOkWarnOrFail) {
  Cli cli;
  cli.Run("doctor");
  for (absl::string_view line : absl::StrSplit(cli.out(), '\n', absl::SkipEmpty()))
    EXPECT_THAT(std::string(line), testing::ContainsRegex("^(ok    |warn  |fail  |        try: )"));
  EXPECT_THAT(cli.out(), HasSubstr("ok    coordinator   none is set or running"));
}

TEST(Doctor, AnUnreachableCoordinatorFails) {
  Cli cli;
  cli.coordinator.reach_error = absl::UnavailableError("connection refused");
  EXPECT_EQ(cli.Run("doctor --coordinator gpu1:7070"), 1);
  EXPECT_THAT(cli.out(), HasSubstr("fail  coordinator   gpu1:7070 (--coordinator): connection refused\n        try: "));
  EXPECT_EQ(cli.Run("doctor --coordinator gpu1:7070 --format json"), 1);
  EXPECT_EQ(nlohmann::json::parse(cli.out())["health"], "fail");
}

TEST(Doctor, WorkersOfAnotherVersionAreAWarning) {
  Cli cli;
  WorkerStatus& worker = *cli.coordinator.workers.add_workers();
  worker.set_name("w1");
  worker.set_version("9.9");
  EXPECT_THAT(Find(Examine({.address = "h:1"}, cli.environment), "coordinator").found,
              HasSubstr("workers of another version: w1 9.9"));
  worker.set_version(std::string(kVersion));
  EXPECT_EQ(Find(Examine({.address = "h:1"}, cli.environment), "coordinator").health, Health::kOk);
}

TEST(Doctor, AStateFolderThatCannotBeMadeFails) {
  Cli cli;
  cli.Write("file", "");
  cli.variables["MILLRACE_STATE_DIR"] = cli.Path("file/state");
  const Finding finding = Find(Examine({}, cli.environment), "state folder");
  EXPECT_EQ(finding.health, Health::kFail);
  EXPECT_THAT(finding.advice, HasSubstr("MILLRACE_STATE_DIR"));
}

TEST(Doctor, LeavesNothingInTheStateFolder) {
  Cli cli;
  Examine({}, cli.environment);
  EXPECT_TRUE(std::filesystem::is_empty(cli.Path("state")));
}

TEST(Doctor, ANetworkFileSystemIsRefusedAndADoubtfulOneNamed) {
  Cli cli;
  cli.environment.judge_state_folder = [](const std::string&) { return absl::FailedPreconditionError("NFS: no"); };
  EXPECT_EQ(Find(Examine({}, cli.environment), "file system").health, Health::kFail);
  cli.environment.judge_state_folder = [](const std::string&) { return std::string("9p: as good as its host"); };
  EXPECT_EQ(Find(Examine({}, cli.environment), "file system").health, Health::kWarn);
}

TEST(Doctor, KnowsHowMuchRoomIsNeeded) {
  EXPECT_EQ(JudgeSpace(50, 100, "/x").health, Health::kOk);
  EXPECT_EQ(JudgeSpace(4, 100, "/x").health, Health::kWarn);
  EXPECT_EQ(JudgeSpace(5, 1000, "/x").health, Health::kFail);
  EXPECT_EQ(JudgeDescriptors(4096).health, Health::kOk);
  EXPECT_EQ(JudgeDescriptors(512).health, Health::kWarn);
  EXPECT_EQ(JudgeDescriptors(64).health, Health::kFail);
}

TEST(Doctor, AClockFromBeforeOurTimeFails) {
  Cli cli;
  cli.now = absl::UnixEpoch();
  EXPECT_EQ(Find(Examine({}, cli.environment), "clock").health, Health::kFail);
}

}  // namespace
}  // namespace millrace::cli
