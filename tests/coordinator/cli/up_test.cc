// `millrace up`, `status` and `down` with real processes: shell scripts stand for the daemons.
#include <signal.h>
#include <sys/stat.h>

#include "coordinator/cli/local_cluster.h"
#include "coordinator/cli/process.h"
#include "coordinator/cli/which_coordinator.h"
#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

// Writes its address where it is told to, then waits for SIGTERM. What it was started with stays in its log.
constexpr char kCoordinator[] = R"(#!/bin/sh
echo "$@"
while [ $# -gt 0 ]; do [ "$1" = --address-file ] && printf "127.0.0.1:4711\\n127.0.0.1:4712\\n" > "$2.tmp" && mv "$2.tmp" "$2"; shift; done
exec sleep 600
)";
constexpr char kWorker[] = "#!/bin/sh\necho \"$@\"\nexec sleep 600\n";
constexpr char kStubborn[] = "#!/bin/sh\ntrap '' TERM\necho ready > \"$0.ready\"\nwhile :; do sleep 600 & wait; done\n";

class Up : public testing::Test {
 protected:
  Up() {
    Program("millrace-coordinator", kCoordinator);
    Program("millrace-worker", kWorker);
    for (int i = 1; i <= 3; ++i) cli.coordinator.workers.add_workers()->set_name(absl::StrCat("w", i));
    // Real processes need real time.
    cli.environment.now = [] { return absl::Now(); };
    cli.environment.sleep = [](absl::Duration duration) { absl::SleepFor(duration); };
  }
  ~Up() override { Cluster().Stop(absl::ZeroDuration(), /*force=*/true).IgnoreError(); }

  LocalCluster Cluster() { return LocalCluster(cli.Path("state/up"), cli.environment); }
  void Program(const std::string& name, const std::string& text) {
    cli.Write("bin/" + name, text);
    chmod(cli.Path("bin/" + name).c_str(), 0755);
  }
  std::string Log(const std::string& name) {
    std::stringstream text;
    text << std::ifstream(cli.Path("state/up/" + name + ".log")).rdbuf();
    return text.str();
  }

  Cli cli;
};

TEST_F(Up, StartsDaemonsThatLaterCommandsFind) {
  ASSERT_EQ(cli.Run("up --workers 2 --file-root pictures"), 0) << cli.err();
  EXPECT_THAT(cli.out(), testing::StartsWith(
                             "coordinator 127.0.0.1:4711 with 2 workers: commands of this user find it by themselves\n"
                             "metrics     http://127.0.0.1:4712/metrics\n"));
  EXPECT_THAT(Log("coordinator"),
              HasSubstr("--listen 127.0.0.1:0 --http 127.0.0.1:0 --data-dir " + cli.Path("state/up/data")));
  EXPECT_EQ(ChooseCoordinator({}, cli.environment).address, "127.0.0.1:4711");
  EXPECT_EQ(cli.Run("status"), 0) << cli.err();
  EXPECT_THAT(cli.out(),
              HasSubstr("coordinator 127.0.0.1:4711, 0 running jobs, metrics at http://127.0.0.1:4712/metrics\n"));
  EXPECT_EQ(cli.Run("up"), 1) << "it is running already";
  EXPECT_THAT(cli.err(), HasSubstr("is running already"));
  EXPECT_EQ(cli.Run("down"), 0) << cli.err();
  EXPECT_EQ(cli.out(), "3 daemons stopped; unfinished jobs go on at the next `millrace up`\n");
  EXPECT_TRUE(ChooseCoordinator({}, cli.environment).embedded());
  EXPECT_EQ(cli.Run("status"), 3);
  EXPECT_EQ(cli.Run("down"), 0) << "twice is no error";
}

TEST_F(Up, ADaemonThatEndsAtOnceIsReportedWithItsLog) {
  Program("millrace-worker", "#!/bin/sh\necho 'no such flag' >&2\nexit 2\n");
  cli.coordinator.workers.Clear();
  EXPECT_EQ(cli.Run("up"), 1);
  EXPECT_THAT(cli.err(), HasSubstr("w1 ended at once"));
  EXPECT_THAT(cli.err(), HasSubstr("no such flag"));
  EXPECT_TRUE(Cluster().List().empty()) << "the coordinator was stopped again";
}

TEST_F(Up, AMissingProgramIsNamed) {
  std::filesystem::remove(cli.Path("bin/millrace-coordinator"));
  EXPECT_EQ(cli.Run("up"), 1);
  EXPECT_THAT(cli.err(), HasSubstr("cannot start"));
  EXPECT_THAT(cli.err(), HasSubstr("millrace-coordinator"));
}

TEST_F(Up, WhatDoesNotEndIsNamedAndKilledOnRequest) {
  Program("millrace-worker", kStubborn);
  ASSERT_EQ(cli.Run("up"), 0) << cli.err();
  while (!std::filesystem::exists(cli.Path("bin/millrace-worker.ready"))) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(cli.Run("down --patience 0"), 1);
  EXPECT_THAT(cli.err(), HasSubstr("error: w1 (process "));
  EXPECT_EQ(cli.Run("down --patience 0 --force"), 0) << cli.err();
}

TEST_F(Up, APidThatNowBelongsToSomebodyElseIsNotTouched) {
  // Our own pid with another start time: what a reused pid looks like.
  cli.Write("state/up/coordinator.pid", absl::StrCat(getpid(), " 1"));
  cli.Write("state/up/coordinator.address", "127.0.0.1:4711");
  EXPECT_TRUE(ChooseCoordinator({}, cli.environment).embedded());
  EXPECT_EQ(cli.Run("down"), 0);  // and we live to see the next line
  EXPECT_TRUE(Cluster().List().empty());
}

TEST(StartTimeOf, CountsFromTheLastBracket) {
  const std::string rest = " 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 98765 0 0";
  EXPECT_EQ(StartTimeOf("42 (a) b) S" + rest), 98765u);
  EXPECT_EQ(StartTimeOf("42 (zombie) Z" + rest), std::nullopt);
  EXPECT_EQ(StartTimeOf("garbage"), std::nullopt);
}

TEST(ProcessId, SurvivesItsText) {
  const auto process = ProcessId::Parse(ProcessId{42, 98765}.Text());
  ASSERT_TRUE(process);
  EXPECT_EQ(process->pid, 42);
  EXPECT_EQ(process->start_time, 98765u);
  for (const char* bad : {"", "42", "-1 5", "x y", "1 2 3"}) EXPECT_FALSE(ProcessId::Parse(bad)) << bad;
}

}  // namespace
}  // namespace millrace::cli
