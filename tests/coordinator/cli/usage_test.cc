// What is said when a command line is wrong or asks for help, and the exit codes that scripts rely on.
#include "common/base/version.h"
#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

struct UsageCase {
  const char* command;
  const char* error;  // part of stderr
};

class WrongUsage : public testing::TestWithParam<UsageCase> {};

TEST_P(WrongUsage, ExitsWithTwoAndSaysWhatToTry) {
  Cli cli;
  EXPECT_EQ(cli.Run(GetParam().command), 2) << cli.err();
  EXPECT_THAT(cli.err(), testing::StartsWith("error: "));
  EXPECT_THAT(cli.err(), HasSubstr(GetParam().error));
  EXPECT_THAT(cli.err(), HasSubstr("  try: millrace"));
  EXPECT_EQ(cli.out(), "") << "stdout is for results";
  EXPECT_TRUE(cli.connected.empty() && cli.embedded.empty()) << "nothing may be started for it";
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongUsage,
    testing::Values(UsageCase{"", "subcommand"}, UsageCase{"fly", "there is no command fly"},
                    UsageCase{"jobs fly", "there is no command fly"},
                    UsageCase{"convert --output out", "--input is required"},
                    UsageCase{"convert --input a.csv", "--output is required"},
                    UsageCase{"convert --input a.csv --output o --wat", "--wat"},
                    UsageCase{"convert --input gone.csv --output o", "gone.csv does not exist"},
                    UsageCase{"convert --input a.csv --output o --num-shards 0", "--num-shards"},
                    UsageCase{"convert --input a.csv --output o --num-shards many", "--num-shards"},
                    UsageCase{"convert --input a.csv --output o --shard-size 3potatoes", "--shard-size"},
                    UsageCase{"convert --input a.csv --output o --compression zip", "--compression"},
                    UsageCase{"convert --input a.csv --output o --gzip-level fastest", "--gzip-level"},
                    UsageCase{"convert --input a.csv --output o --max-bad-rows 110%", "--max-bad-rows"},
                    UsageCase{"convert --input a.csv --output o --format xml", "--format"},
                    UsageCase{"convert --input a.csv --output o --progress loud", "--progress"},
                    UsageCase{"convert --input a.csv --output o --workers 0", "--workers"},
                    UsageCase{"convert --input a.csv --output o --memory-budget lots", "--memory-budget"},
                    UsageCase{"convert --input a.csv --output o --local --coordinator h:1", "--local"},
                    UsageCase{"convert --input a.csv --output o --detach", "--detach needs a coordinator"},
                    UsageCase{"convert --input a.csv --output o --shuffle-seed -1", "--shuffle-seed"},
                    UsageCase{"jobs", "subcommand"}, UsageCase{"jobs describe", "ID is required"},
                    UsageCase{"workers drain", "NAME is required"}, UsageCase{"datasets", "subcommand"},
                    UsageCase{"datasets inspect d", "--output is required"}));

TEST(Help, EveryCommandHasOneWithAnExample) {
  const char* const commands[] = {
      "",          "convert",     "jobs",          "jobs list", "jobs describe",   "jobs watch",     "jobs wait",
      "jobs logs", "jobs cancel", "jobs retry",    "workers",   "workers list",    "workers drain",  "up",
      "status",    "down",        "doctor",        "datasets",  "datasets verify", "datasets stats", "datasets inspect",
      "job list",  "worker list", "dataset verify"};
  for (const char* command : commands) {
    Cli cli;
    EXPECT_EQ(cli.Run(absl::StrCat(command, " --help")), 0) << command;
    EXPECT_THAT(cli.out(), HasSubstr("Examples:\n  millrace")) << command;
    EXPECT_EQ(cli.err(), "") << command;
    for (absl::string_view line : absl::StrSplit(cli.out(), '\n')) EXPECT_LE(line.size(), 130u) << line;
  }
}

TEST(Help, OfOneCommandReadsLikeThis) {
  Cli cli;
  ASSERT_EQ(cli.Run("jobs wait --help"), 0);
  EXPECT_EQ(cli.out(),
            "Wait until a job ends: exit 0 if it succeeded, 1 if not\n"
            "Usage: millrace jobs wait [OPTIONS] ID\n"
            "\n"
            "Positionals:\n"
            "  ID REQUIRED                 The job, or the first letters of its id\n"
            "\n"
            "Options:\n"
            "  -h,--help                   Print this help message and exit\n"
            "  --coordinator HOST:PORT     Coordinator to use; default: $MILLRACE_COORDINATOR, else the one started by "
            "`millrace up`\n"
            "  --format FORMAT             How the result is written to stdout: text (default) or json\n"
            "\n"
            "Examples:\n"
            "  millrace jobs wait 3f2a\n");
}

TEST(Version, IsPrinted) {
  Cli cli;
  EXPECT_EQ(cli.Run("--version"), 0);
  EXPECT_EQ(cli.out(), absl::StrCat("millrace ", std::string(kVersion), "\n"));
}

TEST(ExitCode, ThreeWhenNoCoordinatorCanBeReached) {
  for (const char* command :
       {"jobs list", "jobs describe x", "workers list", "status",
        "convert --input a.csv --output o --coordinator 127.0.0.1:1", "jobs wait x --coordinator h:1"}) {
    Cli cli;
    cli.coordinator.reach_error = absl::UnavailableError("connection refused");
    EXPECT_EQ(cli.Run(command), 3) << command << cli.err();
    EXPECT_THAT(cli.err(), HasSubstr("error: ")) << command;
    EXPECT_EQ(cli.out(), "") << command;
  }
}

TEST(ExitCode, TheAddressThatCouldNotBeReachedIsNamed) {
  Cli cli;
  cli.variables["MILLRACE_COORDINATOR"] = "gpu1:7070";
  cli.coordinator.reach_error = absl::UnavailableError("connection refused");
  EXPECT_EQ(cli.Run("jobs list"), 3);
  EXPECT_EQ(cli.err(), "error: coordinator gpu1:7070 ($MILLRACE_COORDINATOR) is not reachable: connection refused\n");
}

}  // namespace
}  // namespace millrace::cli
