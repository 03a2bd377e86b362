// `millrace convert` from the first word to the exit code, against a scripted coordinator.
#include <fcntl.h>
#include <sys/file.h>

#include <nlohmann/json.hpp>

#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kHere[] = "convert --input a.csv --output out --job-id j";
constexpr char kThere[] = "convert --input a.csv --output out --job-id j --coordinator 127.0.0.1:7070";

JobStatus Failed(const std::string& error) {
  JobStatus job = Ended("j", JOB_FAILED);
  job.set_error(error);
  job.set_shards_done(2);
  job.set_shards_total(5);
  return job;
}

TEST(Convert, RunsInsideItselfWhenThereIsNoCoordinator) {
  Cli cli;
  cli.coordinator.on_submit = {Running("j"), Running("j", 700, 1401), Succeeded("j")};
  ASSERT_EQ(cli.Run(kHere), 0) << cli.err();
  EXPECT_EQ(cli.err(), "coordinator: inside this process (none is running), 1 worker\n");
  EXPECT_THAT(cli.out(), testing::StartsWith("done: 1,399 rows written to out in 1.6 s (876 rows/s)\n"));
  ASSERT_EQ(cli.embedded.size(), 1u);
  EXPECT_THAT(cli.embedded[0].state_dir, testing::StartsWith(cli.Path("state/embedded/")));
  EXPECT_TRUE(std::filesystem::is_directory(cli.embedded[0].state_dir));
  EXPECT_EQ(cli.shutdowns, 1);
  EXPECT_EQ(cli.coordinator.submitted[0].convert().inputs(0), cli.Path("a.csv"));
  EXPECT_EQ(cli.coordinator.submitted[0].convert().output(), cli.Path("out"));
}

TEST(Convert, PassesOnWhatAnEmbeddedRunMayUse) {
  Cli cli;
  cli.coordinator.on_submit = {Succeeded("j")};
  ASSERT_EQ(cli.Run(absl::StrCat(kHere, " --workers 3 --threads 6 --memory-budget 1GiB --file-root .")), 0)
      << cli.err();
  EXPECT_EQ(cli.embedded[0].workers, 3);
  EXPECT_EQ(cli.embedded[0].threads, 6);
  EXPECT_EQ(cli.embedded[0].memory_budget, int64_t{1} << 30);
  EXPECT_THAT(cli.embedded[0].file_roots, ElementsAre(cli.environment.current_folder));
}

TEST(Convert, FindsACoordinatorByFlagThenVariable) {
  Cli cli;
  cli.coordinator.on_submit = {Succeeded("j")};
  cli.variables["MILLRACE_COORDINATOR"] = "127.0.0.1:2";
  ASSERT_EQ(cli.Run(kThere), 0) << cli.err();
  ASSERT_EQ(cli.Run("convert --input a.csv --output out2 --job-id k"), 0) << cli.err();
  EXPECT_THAT(cli.connected, ElementsAre("127.0.0.1:7070", "127.0.0.1:2"));
  EXPECT_THAT(cli.err(), HasSubstr("coordinator: 127.0.0.1:2 ($MILLRACE_COORDINATOR)\n"));
  ASSERT_EQ(cli.Run("convert --input a.csv --output out3 --job-id l --local"), 0) << cli.err();
  EXPECT_EQ(cli.embedded.size(), 1u) << "--local wins";
}

TEST(Convert, WithFormatJsonStdoutIsOneObject) {
  Cli cli;
  cli.coordinator.on_submit = {Running("j", 1, 1401), Succeeded("j")};
  ASSERT_EQ(cli.Run(absl::StrCat(kHere, " --format json")), 0);
  const auto json = nlohmann::json::parse(cli.out());
  EXPECT_EQ(json["state"], "SUCCEEDED");
  EXPECT_EQ(json["output"], cli.Path("out"));
}

TEST(Convert, ProgressJsonIsOneObjectALine) {
  Cli cli;
  cli.coordinator.on_submit = {Running("j"), Running("j", 1, 1401), Running("j", 2, 1401), Succeeded("j")};
  ASSERT_EQ(cli.Run(absl::StrCat(kHere, " --progress json")), 0);
  std::vector<std::string> lines = absl::StrSplit(cli.err(), '\n', absl::SkipEmpty());
  ASSERT_GE(lines.size(), 3u);
  for (size_t i = 1; i < lines.size(); ++i) EXPECT_TRUE(nlohmann::json::accept(lines[i])) << lines[i];
}

TEST(Convert, WarningsAreSaidOnce) {
  Cli cli;
  JobStatus warned = Running("j", 1, 1401);
  warned.add_warnings("the input is sorted by class: consider --shuffle-seed");
  cli.coordinator.on_submit = {warned, warned, Succeeded("j")};
  ASSERT_EQ(cli.Run(kHere), 0);
  EXPECT_THAT(cli.err(), HasSubstr("warning: the input is sorted by class: consider --shuffle-seed\n"));
  EXPECT_EQ(cli.err().find("warning"), cli.err().rfind("warning"));
}

TEST(Convert, AFailedJobExitsWithOneAndSaysWhatToTry) {
  Cli cli;
  cli.coordinator.on_submit = {Running("j"), Failed("a.csv:3: unclosed quote")};
  EXPECT_EQ(cli.Run(kThere), 1);
  EXPECT_THAT(cli.err(), HasSubstr("error: a.csv:3: unclosed quote\n  job j\n"
                                   "  try: millrace jobs retry j --coordinator 127.0.0.1:7070\n"));
  EXPECT_EQ(cli.out(), "");
  Cli here;
  here.coordinator.on_submit = {Failed("x")};
  EXPECT_EQ(here.Run(kHere), 1);
  EXPECT_THAT(here.err(), HasSubstr("  try: mend the cause and run the same command again"));
}

TEST(Convert, TheSameCommandAfterAFailureKeepsWhatWasDone) {
  Cli cli;
  cli.coordinator.jobs["j"] = {Failed("disk full")};
  cli.coordinator.on_retry = {Running("j", 5, 10), Succeeded("j")};
  ASSERT_EQ(cli.Run(kHere), 0) << cli.err();
  EXPECT_THAT(cli.coordinator.calls, ElementsAre("submit j", "retry j"));
  EXPECT_THAT(cli.err(), HasSubstr("note: job j failed before; trying again; 2 of 5 shards are kept\n"));
}

TEST(Convert, TheSameCommandAfterACancelStartsAgain) {
  Cli cli;
  JobStatus cancelling = Running("j", 5, 10);
  cancelling.set_cancelling(true);
  cli.coordinator.jobs["j"] = {cancelling, cancelling, Ended("j", JOB_CANCELLED)};
  cli.coordinator.on_retry = {Succeeded("j")};
  ASSERT_EQ(cli.Run(kHere), 0) << cli.err();
  EXPECT_THAT(cli.coordinator.calls, ElementsAre("submit j", "retry j")) << "after the clean-up is over";
}

TEST(Convert, TheSameCommandTwiceAtOnceFollowsTheFirst) {
  Cli cli;
  cli.coordinator.jobs["j"] = {Running("j", 5, 10), Succeeded("j")};
  ASSERT_EQ(cli.Run(kThere), 0) << cli.err();
  EXPECT_THAT(cli.err(), HasSubstr("note: job j is already running; following it\n"));
  EXPECT_THAT(cli.coordinator.calls, ElementsAre("submit j"));
}

TEST(Convert, TheSameCommandAfterSuccessIsUpToDate) {
  Cli cli;
  cli.Write("out/_SUCCESS", "");
  cli.coordinator.jobs["j"] = {Succeeded("j")};
  cli.coordinator.jobs["j"][0].mutable_spec()->mutable_convert()->set_output(cli.Path("out"));
  ASSERT_EQ(cli.Run(kThere), 0) << cli.err();
  EXPECT_EQ(cli.out(), "up to date: out (job j: 1,399 rows in 3 shards)\n");
  ASSERT_EQ(cli.Run(absl::StrCat(kThere, " --format json")), 0);
  EXPECT_EQ(nlohmann::json::parse(cli.out())["state"], "SUCCEEDED");
}

TEST(Convert, WhenTheOutputIsGoneItIsMadeAgainUnderTheNextName) {
  Cli cli;
  cli.coordinator.jobs["j"] = {Succeeded("j")};
  cli.coordinator.jobs["j-2"] = {Succeeded("j-2")};
  cli.coordinator.on_submit = {Succeeded("j-3")};
  ASSERT_EQ(cli.Run(kThere), 0) << cli.err();
  EXPECT_THAT(cli.coordinator.calls, ElementsAre("submit j", "submit j-2", "submit j-3"));
  EXPECT_THAT(cli.err(), HasSubstr("its output is gone; converting again"));
  EXPECT_THAT(cli.out(), testing::StartsWith("done: "));
}

TEST(Convert, AnOutputThatThisMachineCannotSeeIsTrusted) {
  Cli cli;
  cli.coordinator.jobs["j"] = {Succeeded("j")};
  ASSERT_EQ(cli.Run("convert --input /there/a.csv --output /there/out --job-id j --coordinator gpu1:7070"), 0)
      << cli.err();
  EXPECT_THAT(cli.out(), testing::StartsWith("up to date"));
}

TEST(Convert, AnEmbeddedRunGivesUpWhatAnOtherCommandLeftInTheSameOutput) {
  Cli cli;
  cli.coordinator.jobs["old"] = {Ended("old", JOB_FAILED)};
  cli.coordinator.jobs["older"] = {Succeeded("older")};
  cli.coordinator.on_submit = {Succeeded("j")};
  ASSERT_EQ(cli.Run(kHere), 0) << cli.err();
  EXPECT_THAT(cli.coordinator.calls, ElementsAre("cancel old", "submit j"));
  EXPECT_THAT(cli.err(), HasSubstr("had other inputs or options (old); it is given up"));
}

TEST(Convert, AnEmbeddedRunGoesOnWithWhatWasInterrupted) {
  Cli cli;
  cli.coordinator.jobs["j"] = {Running("j", 5, 10), Succeeded("j")};
  ASSERT_EQ(cli.Run(kHere), 0) << cli.err();
  EXPECT_THAT(cli.err(), HasSubstr("note: job j was interrupted; going on with it (finished shards are kept)\n"));
}

TEST(Convert, TwoEmbeddedRunsOfOneOutputFollowEachOther) {
  Cli cli;
  cli.coordinator.on_submit = {Succeeded("j")};
  ASSERT_EQ(cli.Run(kHere), 0);
  const std::string lock = cli.embedded[0].state_dir + "/lock";
  const int fd = open(lock.c_str(), O_CREAT | O_RDWR, 0600);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  int waits = 0;
  cli.environment.sleep = [&](absl::Duration) {
    if (++waits == 3) close(fd);  // the other one ends
  };
  cli.Write("out/_SUCCESS", "");
  ASSERT_EQ(cli.Run(kHere), 0) << cli.err();
  EXPECT_EQ(waits, 3);
  EXPECT_THAT(cli.err(), testing::StartsWith("note: another command is working on this output; waiting for it\n"));
  EXPECT_THAT(cli.out(), testing::StartsWith("up to date"));
}

TEST(Convert, AJournalThatWasTakenInTheLastMomentIsTriedAgain) {
  Cli cli;
  cli.coordinator.on_submit = {Succeeded("j")};
  const auto start = cli.environment.start_embedded;
  int refusals = 2;
  cli.environment.start_embedded = [&](const EmbeddedOptions& options) -> absl::StatusOr<std::unique_ptr<Embedded>> {
    if (refusals-- > 0) return absl::FailedPreconditionError("in use by process 7");
    return start(options);
  };
  EXPECT_EQ(cli.Run(kHere), 0) << cli.err();
  refusals = 1000000;
  EXPECT_EQ(cli.Run("convert --input a.csv --output out2 --job-id k"), 1);
  EXPECT_THAT(cli.err(), HasSubstr("error: in use by process 7\n"));
}

TEST(Convert, ACoordinatorsOtherJobsAreNobodysBusiness) {
  Cli cli;
  cli.coordinator.jobs["old"] = {Running("old")};
  cli.coordinator.on_submit = {Succeeded("j")};
  ASSERT_EQ(cli.Run(kThere), 0) << cli.err();
  EXPECT_THAT(cli.coordinator.calls, ElementsAre("submit j"));
}

TEST(Convert, DetachPrintsTheId) {
  Cli cli;
  ASSERT_EQ(cli.Run(absl::StrCat(kThere, " --detach")), 0) << cli.err();
  EXPECT_EQ(cli.out(), "j\n");
  EXPECT_THAT(cli.err(), HasSubstr("millrace jobs watch j --coordinator 127.0.0.1:7070"));
  ASSERT_EQ(cli.Run(absl::StrCat(kThere, " --detach --format json")), 0);
  EXPECT_EQ(nlohmann::json::parse(cli.out())["state"], "RUNNING");
}

TEST(Convert, FlagsOfAnEmbeddedRunAreRefusedPolitelyByACoordinator) {
  Cli cli;
  cli.coordinator.on_submit = {Succeeded("j")};
  ASSERT_EQ(cli.Run(absl::StrCat(kThere, " --workers 4")), 0);
  EXPECT_THAT(cli.err(), HasSubstr("warning: --workers, --threads"));
}

TEST(Interrupt, CancelsAnEmbeddedJobAndWaitsForItsCleanUp) {
  Cli cli;
  JobStatus cleaning = Job("j", JOB_RUNNING, STAGE_CLEANUP);
  cli.coordinator.on_submit = {Running("j")};
  cli.coordinator.on_cancel = {cleaning, cleaning, Ended("j", JOB_CANCELLED)};
  int asked = 0;
  cli.coordinator.on_get = [&] { cli.interrupts = ++asked >= 3 ? 1 : 0; };
  EXPECT_EQ(cli.Run(absl::StrCat(kHere, " --format json")), 130);
  EXPECT_THAT(cli.coordinator.calls, ElementsAre("submit j", "cancel j"));
  EXPECT_THAT(cli.err(), HasSubstr("cancelled; run the same command to start again\n"));
  EXPECT_EQ(nlohmann::json::parse(cli.out())["state"], "CANCELLED");
  EXPECT_EQ(cli.shutdowns, 1);
}

TEST(Interrupt, TheSecondEndsTheWaiting) {
  Cli cli;
  cli.coordinator.on_submit = {Running("j")};
  cli.coordinator.on_cancel = {Running("j")};
  int asked = 0;
  cli.coordinator.on_get = [&] { cli.interrupts = ++asked / 3; };
  EXPECT_EQ(cli.Run(kHere), 130);
  EXPECT_THAT(cli.err(), Not(HasSubstr("cancelled; run")));
}

TEST(Interrupt, ComesTooLateWhenTheDatasetIsBeingPublished) {
  Cli cli;
  cli.coordinator.on_submit = {Running("j"), Running("j"), Running("j"), Succeeded("j")};
  cli.coordinator.cancel_error = absl::FailedPreconditionError("it is being published");
  int asked = 0;
  cli.coordinator.on_get = [&] { cli.interrupts = ++asked >= 2 ? 1 : 0; };
  EXPECT_EQ(cli.Run(kHere), 0);
  EXPECT_THAT(cli.err(), HasSubstr("too late to cancel"));
  EXPECT_THAT(cli.out(), testing::StartsWith("done: "));
}

TEST(Interrupt, LeavesACoordinatorsJobAlone) {
  Cli cli;
  cli.coordinator.on_submit = {Running("j")};
  cli.coordinator.on_get = [&] { cli.interrupts = 1; };
  EXPECT_EQ(cli.Run(kThere), 130);
  EXPECT_THAT(cli.coordinator.calls, ElementsAre("submit j"));
  EXPECT_THAT(cli.err(), HasSubstr("detached: job j goes on\n"));
  EXPECT_THAT(cli.err(), HasSubstr("  to cancel it: millrace jobs cancel j --coordinator 127.0.0.1:7070\n"));
}

TEST(Outage, ARestartedCoordinatorIsWaitedFor) {
  Cli cli;
  cli.coordinator.on_submit = {Running("j", 5, 10), Succeeded("j")};
  cli.coordinator.unreachable_calls = 5;
  ASSERT_EQ(cli.Run(kThere), 0) << cli.err();
  EXPECT_THAT(cli.err(), HasSubstr("the coordinator is away; waiting for it"));
  EXPECT_THAT(cli.err(), HasSubstr("the coordinator is back"));
}

TEST(Outage, ThatDoesNotEndIsReported) {
  Cli cli;
  cli.coordinator.on_submit = {Running("j", 5, 10)};
  cli.coordinator.unreachable_calls = 1000000;
  EXPECT_EQ(cli.Run(kThere), 3);
  EXPECT_THAT(cli.err(), HasSubstr("  try: millrace jobs watch j --coordinator 127.0.0.1:7070"));
}

TEST(StandardInputJob, RemovesTheCopyOnlyWhenItIsDone) {
  Cli cli;
  const auto copies = [&] {
    return std::distance(std::filesystem::directory_iterator(cli.Path("state/stdin")),
                         std::filesystem::directory_iterator());
  };
  cli.Pipe("image_uri\na.jpg\n");
  cli.coordinator.on_submit = {Failed("x")};
  EXPECT_EQ(cli.Run("convert --input - --output out"), 1);
  EXPECT_EQ(copies(), 1);
  cli.Pipe("image_uri\na.jpg\n");
  cli.coordinator.on_retry = {Succeeded("j")};
  EXPECT_EQ(cli.Run("convert --input - --output out"), 0) << cli.err();
  EXPECT_EQ(copies(), 0);
  EXPECT_THAT(cli.coordinator.calls.back(), HasSubstr("retry ")) << "the same bytes are the same job";
  EXPECT_EQ(cli.coordinator.submitted[0].convert().uri_base(), cli.environment.current_folder);
}

// ---- rows of another job ----

JobStatus FinishedJob(const Cli& cli, JobState state) {
  JobStatus job = Ended("first", state);
  ConvertSpec& spec = *job.mutable_spec()->mutable_convert();
  spec.add_inputs("/data/images.csv");
  spec.set_output(cli.Path("first-out"));
  spec.set_payload(PAYLOAD_PNG);
  spec.set_num_shards(64);
  spec.set_max_bad_rows(3);
  return job;
}

TEST(RowsFromJob, MakesANewJobOfTheFailedRowsWithTheOldOnesOptions) {
  Cli cli;
  cli.coordinator.jobs["first"] = {FinishedJob(cli, JOB_SUCCEEDED)};
  cli.coordinator.on_submit = {Ended("", JOB_SUCCEEDED)};
  EXPECT_EQ(cli.Run("convert --rows-from-job first --rows transient --output more --coordinator c:1"), 0) << cli.err();
  ASSERT_EQ(cli.coordinator.submitted.size(), 1u);
  const ConvertSpec& spec = cli.coordinator.submitted[0].convert();
  EXPECT_EQ(spec.rows_from().job_id(), "first");
  EXPECT_EQ(spec.rows_from().dataset(), cli.Path("first-out"));
  EXPECT_TRUE(spec.rows_from().transient());
  EXPECT_EQ(spec.output(), cli.Path("more"));
  EXPECT_EQ(spec.inputs(0), "/data/images.csv");
  EXPECT_EQ(spec.payload(), PAYLOAD_PNG);
  EXPECT_EQ(spec.num_shards(), 0) << "there are fewer rows";
  EXPECT_FALSE(spec.has_max_bad_rows());
  EXPECT_EQ(spec.max_bad_fraction(), 1) << "rows that failed once may fail again";
}

TEST(RowsFromJob, IsRefusedWhereItMakesNoSense) {
  Cli cli;
  cli.coordinator.jobs["first"] = {FinishedJob(cli, JOB_SUCCEEDED)};
  cli.coordinator.jobs["failed"] = {FinishedJob(cli, JOB_FAILED)};
  const std::pair<const char*, const char*> cases[] = {
      {"--rows-from-job first --output first-out", "become a dataset of their own"},
      {"--rows-from-job failed --output more", "`millrace jobs retry` tries its rows again"},
      {"--rows-from-job nobody --output more", "there is no job nobody"},
      {"--rows-from-job first --output more --input a.csv", "--input"},
      {"--rows-from-job first --output more --payload raw", "--payload"},
      {"--rows-from-job first --output more --rows some", "failed"},
      {"--input a.csv --output more --rows failed", "--rows-from-job"},
  };
  for (const auto& [flags, words] : cases) {
    EXPECT_EQ(cli.Run(absl::StrCat("convert --coordinator c:1 ", flags)), 2) << flags;
    EXPECT_THAT(cli.err(), HasSubstr(words)) << flags;
  }
  EXPECT_TRUE(cli.coordinator.submitted.empty());
}

TEST(RowsFromJob, OfARunInsideThisProcessAreFoundInItsJournal) {
  Cli cli;
  std::filesystem::create_directories(cli.Path("state/embedded/0123456789abcdef"));
  cli.coordinator.jobs["first"] = {FinishedJob(cli, JOB_SUCCEEDED)};
  cli.coordinator.on_submit = {Ended("", JOB_SUCCEEDED)};
  EXPECT_EQ(cli.Run("convert --rows-from-job first --output more --local"), 0) << cli.err();
  ASSERT_EQ(cli.embedded.size(), 2u);
  EXPECT_TRUE(cli.embedded[0].look_only);
  EXPECT_EQ(cli.embedded[0].state_dir, cli.Path("state/embedded/0123456789abcdef"));
  EXPECT_FALSE(cli.embedded[1].look_only);
  EXPECT_EQ(cli.Run("convert --rows-from-job nobody --output more --local"), 2);
  EXPECT_THAT(cli.err(), HasSubstr("no finished job nobody was run by this user"));
}

TEST(ConvertMemory, ABudgetBelowWhatOneImageMayNeedIsRefusedAtOnce) {
  Cli cli;
  EXPECT_EQ(cli.Run("convert --input a.csv --output o --local --memory-budget 256MiB"), 2);
  EXPECT_THAT(cli.err(), HasSubstr("that one image may need"));
  cli.coordinator.on_submit = {Ended("", JOB_SUCCEEDED)};
  EXPECT_EQ(cli.Run("convert --input a.csv --output o --local --memory-budget 256MiB --max-image-memory 200MiB"), 0)
      << cli.err();
  EXPECT_EQ(cli.coordinator.submitted.at(0).convert().max_image_memory_bytes(), int64_t{200} << 20);
}

}  // namespace
}  // namespace millrace::cli
