// `millrace jobs` and `millrace workers`.
#include <nlohmann/json.hpp>

#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Jobs : public testing::Test {
 protected:
  Jobs() { cli.variables["MILLRACE_COORDINATOR"] = "127.0.0.1:7070"; }
  Cli cli;
};

TEST_F(Jobs, WithoutACoordinatorTheWayOutIsShown) {
  cli.variables.erase("MILLRACE_COORDINATOR");
  EXPECT_EQ(cli.Run("jobs list"), 3);
  EXPECT_THAT(cli.err(), HasSubstr("millrace up"));
}

TEST_F(Jobs, ListAndDescribe) {
  cli.coordinator.jobs["a1"] = {Succeeded("a1")};
  EXPECT_EQ(cli.Run("jobs list"), 0);
  EXPECT_THAT(cli.out(), HasSubstr("a1   SUCCEEDED  1,401"));
  EXPECT_EQ(cli.Run("job list --format json"), 0) << "the singular is an alias";
  EXPECT_EQ(nlohmann::json::parse(cli.out())["jobs"][0]["job_id"], "a1");
  EXPECT_EQ(cli.Run("jobs describe a1"), 0);
  EXPECT_THAT(cli.out(), HasSubstr("state    SUCCEEDED\n"));
  EXPECT_EQ(cli.Run("jobs describe a1 --format json"), 0);
  EXPECT_EQ(nlohmann::json::parse(cli.out())["written"], 1399);
}

TEST_F(Jobs, AnUnknownIdIsUsage) {
  for (const char* command : {"describe", "wait", "watch", "cancel", "retry"}) {
    EXPECT_EQ(cli.Run(absl::StrCat("jobs ", command, " zz")), 2) << command;
    EXPECT_THAT(cli.err(), HasSubstr("error: there is no job zz")) << command;
  }
}

TEST_F(Jobs, WaitIsSilentUntilTheEnd) {
  cli.coordinator.jobs["a1"] = {Running("a1", 1, 10), Running("a1", 2, 10), Succeeded("a1")};
  EXPECT_EQ(cli.Run("jobs wait a1"), 0);
  EXPECT_EQ(cli.err(), "");
  EXPECT_THAT(cli.out(), testing::StartsWith("done: 1,399 rows"));
}

TEST_F(Jobs, WaitForAFailureExitsWithOne) {
  cli.coordinator.jobs["a1"] = {Ended("a1", JOB_FAILED)};
  EXPECT_EQ(cli.Run("jobs wait a1 --format json"), 1);
  EXPECT_EQ(nlohmann::json::parse(cli.out())["state"], "FAILED");
  cli.coordinator.jobs["a2"] = {Ended("a2", JOB_CANCELLED)};
  EXPECT_EQ(cli.Run("jobs wait a2"), 1);
  EXPECT_THAT(cli.err(), HasSubstr("error: job a2 was cancelled\n  try: millrace jobs retry a2\n"));
}

TEST_F(Jobs, WatchShowsProgress) {
  for (int i = 0; i < 20; ++i) cli.coordinator.jobs["a1"].push_back(Running("a1", i, 20));
  cli.coordinator.jobs["a1"].push_back(Succeeded("a1"));
  EXPECT_EQ(cli.Run("jobs watch a1 --progress plain"), 0);
  EXPECT_THAT(cli.err(), HasSubstr("/20 rows"));
}

TEST_F(Jobs, CancelSaysHowFarItIs) {
  cli.coordinator.jobs["a1"] = {Running("a1")};
  cli.coordinator.on_cancel = {Running("a1")};
  EXPECT_EQ(cli.Run("jobs cancel a1"), 0);
  EXPECT_EQ(cli.out(), "job a1 is being cancelled\n");
  cli.coordinator.cancel_error = absl::FailedPreconditionError("job a1 is being published");
  EXPECT_EQ(cli.Run("jobs cancel a1"), 1);
  EXPECT_EQ(cli.err(), "error: job a1 is being published\n");
}

TEST_F(Jobs, RetryFollowsTheJobUnlessDetached) {
  cli.coordinator.jobs["a1"] = {Ended("a1", JOB_FAILED)};
  cli.coordinator.on_retry = {Running("a1", 1, 10), Succeeded("a1")};
  EXPECT_EQ(cli.Run("jobs retry a1"), 0);
  EXPECT_THAT(cli.out(), testing::StartsWith("done: "));
  cli.coordinator.on_retry = {Running("a1", 1, 10)};
  EXPECT_EQ(cli.Run("jobs retry a1 --detach"), 0);
  EXPECT_EQ(cli.out(), "a1\n");
}

GetJobLogReply LogReply(std::vector<std::string> lines, int64_t next, bool ended) {
  GetJobLogReply reply;
  for (const std::string& text : lines) {
    LogLine& line = *reply.add_lines();
    line.set_unix_ms(1764000000123);
    line.set_level("info");
    line.set_text(text);
  }
  reply.set_next(next);
  reply.set_ended(ended);
  return reply;
}

TEST_F(Jobs, LogsPrintWhatThereIs) {
  cli.coordinator.log = {LogReply({"submitted", "planned\x1b[2J"}, 2, false)};
  EXPECT_EQ(cli.Run("jobs logs a1"), 0);
  EXPECT_EQ(cli.out(),
            "2025-11-24T16:00:00.123Z info submitted\n"
            "2025-11-24T16:00:00.123Z info planned\\u001b[2J\n");
}

TEST_F(Jobs, LogsWithFollowGoOnToTheEnd) {
  cli.coordinator.log = {LogReply({"a"}, 1, false), LogReply({}, 1, false), LogReply({"b"}, 2, true)};
  EXPECT_EQ(cli.Run("jobs logs -f a1 --format json"), 0);
  EXPECT_THAT(cli.coordinator.calls, ElementsAre("log a1 after 0", "log a1 after 1", "log a1 after 1"));
  const std::vector<std::string> lines = absl::StrSplit(cli.out(), '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(nlohmann::json::parse(lines[1])["text"], "b");
}

TEST_F(Jobs, FollowedLogsEndWithCtrlC) {
  cli.interrupts = 1;
  EXPECT_EQ(cli.Run("jobs logs -f a1"), 130);
}

TEST_F(Jobs, WorkersAreListedAndDrained) {
  cli.coordinator.workers.add_workers()->set_name("w1");
  cli.coordinator.workers.mutable_workers(0)->set_busy(1);
  EXPECT_EQ(cli.Run("workers list"), 0);
  EXPECT_THAT(cli.out(), HasSubstr("w1      busy"));
  EXPECT_EQ(cli.Run("workers drain w1"), 0);
  EXPECT_THAT(cli.out(), HasSubstr("worker w1 drains"));
  EXPECT_EQ(cli.Run("workers drain w9"), 2);
  EXPECT_EQ(cli.err(), "error: there is no worker w9\n  try: millrace workers list\n");
}

}  // namespace
}  // namespace millrace::cli
