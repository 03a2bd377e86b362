// The life of jobs: submit, stages, limits, cancel, retry, restart of the coordinator.
#include "tests/coordinator/engine/engine_story.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Jobs : public EngineStory {};

TEST_F(Jobs, OneWorkerTakesAJobThroughAllStages) {
  ASSERT_TRUE(Submit("job", 3).ok());
  EXPECT_EQ(Job().stage(), STAGE_SCAN);
  Scan("w1");
  EXPECT_EQ(Job().stage(), STAGE_WRITE);
  EXPECT_EQ(Job().rows_total(), 300);
  WorkOff("w1");
  const JobStatus job = Job();
  EXPECT_EQ(job.state(), JOB_SUCCEEDED);
  EXPECT_EQ(job.stage(), STAGE_DONE);
  EXPECT_EQ(job.counts().written(), 300);
  EXPECT_EQ(job.counts().rows(), 300);
  EXPECT_EQ(job.shards_done(), 3);
  EXPECT_EQ(job.bytes_written(), 3000);
  EXPECT_THAT(Log(), HasSubstr("TRAIN shard 1 of 3 written by w1: 100 rows"));
}

TEST_F(Jobs, AnEndedJobIsOneRowOfTheJournal) {
  ASSERT_TRUE(Submit("job", 50).ok());
  WorkOff("w1");
  ASSERT_EQ(Job().state(), JOB_SUCCEEDED);
  EXPECT_EQ(journal_.Rows().size(), 2u);  // the coordinator's start and the archived job
  const std::string before = Log();
  Restart();
  EXPECT_EQ(Job().counts().written(), 5000);
  EXPECT_EQ(Log(), before);
}

TEST_F(Jobs, SubmittingTwiceIsSubmittingOnce) {
  ASSERT_TRUE(Submit("job", 3).ok());
  EXPECT_TRUE(Submit("job", 3).ok());
  EXPECT_EQ(engine().List(now())->jobs_size(), 1);
  EXPECT_TRUE(absl::IsAlreadyExists(Submit("job", 4)));
  WorkOff("w1");
  EXPECT_TRUE(Submit("job", 3).ok()) << "also when it has ended";
  EXPECT_EQ(Job().state(), JOB_SUCCEEDED);
}

TEST_F(Jobs, TwoRunningJobsMayNotShareAnOutput) {
  ASSERT_TRUE(Submit("one", 1, "/out").ok());
  const absl::Status status = Submit("two", 1, "/out/");
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'one' is writing to /out/"));
  WorkOff("w1");
  EXPECT_TRUE(Submit("two", 1, "/out").ok()) << "the claim decides from here";
}

TEST_F(Jobs, AJobIsFoundByItsUniquePrefix) {
  ASSERT_TRUE(Submit("3f2a", 1, "/a").ok());
  ASSERT_TRUE(Submit("3f77", 1, "/b").ok());
  EXPECT_EQ(Job("3f2").job_id(), "3f2a");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().Get("3f", now()).status()));
  EXPECT_TRUE(absl::IsNotFound(engine().Get("4", now()).status()));
}

TEST_F(Jobs, TheOldestJobComesFirst) {
  ASSERT_TRUE(Submit("z-older", 1, "/a").ok());
  Pass(absl::Seconds(1));
  ASSERT_TRUE(Submit("a-newer", 1, "/b").ok());
  EXPECT_EQ(Give("w1").task().job_id(), "z-older");
  EXPECT_EQ(Give("w2").task().job_id(), "a-newer");
  EXPECT_EQ(engine().List(now())->jobs(0).job_id(), "a-newer") << "lists begin with the newest";
}

TEST_F(Jobs, RowsThatOnlyScanSawAreCountedToo) {
  ASSERT_TRUE(Submit("job", 1).ok());
  TaskResult scan = ResultOf(Give("w1"));
  scan.mutable_scan()->mutable_counts()->set_rows(107);
  scan.mutable_scan()->mutable_counts()->set_discarded(4);
  scan.mutable_scan()->mutable_counts()->set_dead_letters(3);
  scan.mutable_scan()->add_first_bad_rows()->set_reason("row/ragged");
  EXPECT_EQ(Finish("w1", scan), ACCEPTED);
  EXPECT_EQ(Job().first_bad_rows(0).worker(), "w1");
  WorkOff("w1");
  const RowCounts counts = Job().counts();
  EXPECT_EQ(counts.rows(), 107);
  EXPECT_EQ(counts.written() + counts.discarded() + counts.dead_letters(), 107);
}

TEST_F(Jobs, AnInputWithoutUsableRowsIsPublishedEmpty) {
  ASSERT_TRUE(Submit("job", 1).ok());
  TaskResult scan = ResultOf(Give("w1"));
  scan.mutable_scan()->clear_splits();
  scan.mutable_scan()->mutable_counts()->set_rows(0);
  EXPECT_EQ(Finish("w1", scan), ACCEPTED);
  EXPECT_EQ(Job().stage(), STAGE_PUBLISH);
}

TEST_F(Jobs, TooManyBadRowsFailTheJobAsSoonAsTheyAreSeen) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Scan("w1");
  Give("w1");
  Give("w2");
  TaskResult bad = Written(Worker("w1").only(), 21);
  BadRow& row = *bad.mutable_write()->add_first_bad_rows();
  row.set_input("images.csv");
  row.set_line(7);
  row.set_uri("cat.jpg");
  row.set_reason("decode/truncated");
  EXPECT_EQ(Finish("w1", bad), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_FAILED);
  EXPECT_EQ(Job().error(),
            "21 of 200 rows could not be used, more than the limit of 10 rows and 10 %: "
            "images.csv:7: cat.jpg: decode/truncated");
  EXPECT_EQ(Sync("w2").drop(0).verdict(), FENCED) << "the others stop";
}

TEST_F(Jobs, RetryKeepsCleanWinnersAndRedoesTheOthers) {
  ASSERT_TRUE(Submit("job", 3).ok());
  Scan("w1");
  Give("w1");
  EXPECT_EQ(Finish("w1"), ACCEPTED);                                    // shard 0, clean; is given shard 1
  EXPECT_EQ(Finish("w1", Written(Worker("w1").only(), 31)), ACCEPTED);  // too many
  ASSERT_EQ(Job().state(), JOB_FAILED);
  ASSERT_TRUE(engine().Retry("job", "fedcba9876543210", now()).ok());
  EXPECT_EQ(Job().shards_done(), 1);
  EXPECT_EQ(Job().counts().dead_letters(), 0);
  EXPECT_EQ(Job().error(), "");
  const Assignment again = Give("w1");
  EXPECT_EQ(again.task().index(), 1u);
  EXPECT_EQ(again.task().generation(), 1u);
  EXPECT_EQ(again.nonce(), "0123456789abcdef") << "the claim is still there";
  WorkOff("w1");
  EXPECT_EQ(Job().state(), JOB_SUCCEEDED);
}

TEST_F(Jobs, ARetryAfterAFailedScanScansAgain) {
  ASSERT_TRUE(Submit("job", 1).ok());
  Give("w1");
  EXPECT_EQ(Fail("w1", TaskFailure::PERMANENT, "images.csv:3: unclosed quote"), REFUSED);
  EXPECT_EQ(Job().error(), "images.csv:3: unclosed quote (scan, worker w1)");
  ASSERT_TRUE(engine().Retry("job", "", now()).ok());
  WorkOff("w1");
  EXPECT_EQ(Job().state(), JOB_SUCCEEDED);
}

TEST_F(Jobs, ARetryAfterTooManyBadRowsInTheScanScansAgain) {
  ASSERT_TRUE(Submit("job", 1).ok());
  TaskResult scan = ResultOf(Give("w1"));
  scan.mutable_scan()->mutable_counts()->set_rows(200);
  scan.mutable_scan()->mutable_counts()->set_dead_letters(100);
  EXPECT_EQ(Finish("w1", scan), ACCEPTED);
  ASSERT_EQ(Job().state(), JOB_FAILED);
  ASSERT_TRUE(engine().Retry("job", "", now()).ok());
  EXPECT_EQ(Job().stage(), STAGE_SCAN);
  EXPECT_EQ(Job().counts().dead_letters(), 0);
}

TEST_F(Jobs, CancelFencesAndCleansUp) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Scan("w1");
  Give("w1");
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  EXPECT_TRUE(Job().cancelling());
  EXPECT_EQ(Finish("w1"), FENCED) << "and is given the clean-up";
  EXPECT_EQ(Worker("w1").only().task().kind(), TASK_CLEANUP);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_CANCELLED);
  EXPECT_TRUE(engine().Cancel("job", now()).ok()) << "cancelling twice is cancelling once";
}

// Found by the simulation: a scan whose assignment was late began after the clean-up and put the claim back.
TEST_F(Jobs, CleanUpWaitsForAScanThatHasNotHeardOfTheCancel) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Give("w1");  // the scan
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  EXPECT_EQ(Give("w2").task().job_id(), "") << "w1 may still begin";
  Sync("w1");  // is told to stop
  EXPECT_EQ(Give("w2").task().job_id(), "") << "it has not said that it did";
  Sync("w1");
  EXPECT_EQ(Worker("w1").only().task().kind(), TASK_CLEANUP);
}

TEST_F(Jobs, CleanUpWaitsNoLongerThanTheLeaseOfASilentScan) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Give("w1");
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  Pass(options_.lease / 2);
  EXPECT_EQ(Give("w2").task().job_id(), "");
  Pass(options_.lease);
  EXPECT_EQ(Give("w2").task().kind(), TASK_CLEANUP);
}

TEST_F(Jobs, ACancelledJobStartsFromTheBeginningWithAnotherNonce) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Scan("w1");
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  WorkOff("w1");
  ASSERT_EQ(Job().state(), JOB_CANCELLED);
  Restart();
  ASSERT_TRUE(engine().Retry("job", "fedcba9876543210", now()).ok());
  EXPECT_EQ(Give("w1").nonce(), "fedcba9876543210");
  WorkOff("w1");
  EXPECT_EQ(Job().state(), JOB_SUCCEEDED);
}

TEST_F(Jobs, AFailedJobCanBeCancelledToFreeItsOutput) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Scan("w1");
  Give("w1");
  Fail("w1", TaskFailure::PERMANENT);
  ASSERT_EQ(Job().state(), JOB_FAILED);
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  EXPECT_EQ(Job().state(), JOB_RUNNING);
  WorkOff("w1");
  EXPECT_EQ(Job().state(), JOB_CANCELLED);
}

TEST_F(Jobs, PublishingIsThePointOfNoReturn) {
  ASSERT_TRUE(Submit("job", 1).ok());
  Scan("w1");
  Give("w1");
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  ASSERT_EQ(Worker("w1").only().task().kind(), TASK_PUBLISH);
  EXPECT_EQ(Worker("w1").only().publish().shards_size(), 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(engine().Cancel("job", now()).status()));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Fail("w1", TaskFailure::TASK_ERROR, "disk full"), REFUSED);
    Pass(absl::Seconds(10));
    Sync("w1");
  }
  EXPECT_EQ(Job().state(), JOB_FAILED);
  EXPECT_EQ(Job().stage(), STAGE_PUBLISH);
  ASSERT_TRUE(engine().Retry("job", "", now()).ok());
  WorkOff("w1");
  EXPECT_EQ(Job().state(), JOB_SUCCEEDED);
}

TEST_F(Jobs, APublicationThatCanNeverSucceedCanBeCancelledAndTheJobStartsOver) {
  ASSERT_TRUE(Submit("job", 1).ok());
  Scan("w1");
  Give("w1");
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Fail("w1", TaskFailure::PERMANENT, "exists with another content"), REFUSED);
  ASSERT_EQ(Job().state(), JOB_FAILED);
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  const Assignment cleanup = Give("w1");
  ASSERT_EQ(cleanup.task().kind(), TASK_CLEANUP);
  EXPECT_TRUE(cleanup.cleanup().unpublish()) << "some files may be visible";
  EXPECT_EQ(cleanup.cleanup().shards_size(), 1);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_CANCELLED);
  ASSERT_TRUE(engine().Retry("job", "fedcba9876543210", now()).ok());
  EXPECT_EQ(Job().stage(), STAGE_SCAN);
  WorkOff("w1");
  EXPECT_EQ(Job().state(), JOB_SUCCEEDED);
}

TEST_F(Jobs, ACancelThatFindsTheDatasetCompleteComesTooLate) {
  ASSERT_TRUE(Submit("job", 1).ok());
  Scan("w1");
  Give("w1");
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Fail("w1", TaskFailure::PERMANENT, "its answer was lost"), REFUSED);
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  TaskResult complete = ResultOf(Give("w1"));
  complete.mutable_cleanup()->set_complete(true);
  EXPECT_EQ(Finish("w1", complete), ACCEPTED);
  EXPECT_EQ(Job().stage(), STAGE_PUBLISH);
  EXPECT_FALSE(Job().cancelling());
  WorkOff("w1");
  EXPECT_EQ(Job().state(), JOB_SUCCEEDED);
}

// ---- whose disk is it? ----

TaskResult SawNothing() {
  TaskResult result;
  result.mutable_cleanup()->set_found_nothing(true);
  return result;
}

TEST_F(Jobs, WhoBeganAJobCleansItUp) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Scan("w1");
  Sync("w1");
  Sync("w2");
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  Sync("w2");
  EXPECT_EQ(Give("w2").task().job_id(), "") << "it may see another disk";
  Sync("w1");
  ASSERT_EQ(Worker("w1").only().task().kind(), TASK_CLEANUP);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_CANCELLED);
}

TEST_F(Jobs, AnotherWorkerOnTheSameDiskCleansUpForOneThatIsGone) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Scan("w1");
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  Pass(2 * options_.lease);
  EXPECT_EQ(Give("w2").task().kind(), TASK_CLEANUP);
  EXPECT_EQ(Finish("w2"), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_CANCELLED);
}

TEST_F(Jobs, ACleanUpThatSeesAnotherDiskDoesNotCount) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Scan("w1");
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  Pass(2 * options_.lease);  // w1 is silent
  EXPECT_EQ(Give("w2").task().kind(), TASK_CLEANUP);
  Sync("w1");
  EXPECT_EQ(Finish("w2", SawNothing()), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_RUNNING) << "w1 scanned: the claim is where w1 sees it";
  EXPECT_EQ(Give("w1").task().kind(), TASK_CLEANUP);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_CANCELLED);
}

TEST_F(Jobs, AScanThatMovedMayHaveLeftAClaimOnEachDisk) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Give("w1");                // makes its claim
  Pass(2 * options_.lease);  // and is silent
  Scan("w2");
  Sync("w1");
  Sync("w2");
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  Sync("w1");
  ASSERT_EQ(Worker("w1").only().task().kind(), TASK_CLEANUP);
  EXPECT_EQ(Finish("w1", SawNothing()), ACCEPTED) << "a claim, but not the scan that counts";
  EXPECT_EQ(Job().state(), JOB_RUNNING);
  EXPECT_EQ(Give("w2").task().kind(), TASK_CLEANUP);
  EXPECT_EQ(Finish("w2"), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_CANCELLED);
}

TEST_F(Jobs, ACleanUpWhoseAnswerWasLostIsDoneOnceTheScannerSeesNothing) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Scan("w1");
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  EXPECT_EQ(Give("w1").task().kind(), TASK_CLEANUP);
  RestartWorker("w1");  // it had removed everything, but not said so
  EXPECT_EQ(Give("w1").task().kind(), TASK_CLEANUP);
  EXPECT_EQ(Finish("w1", SawNothing()), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_CANCELLED);
}

TEST_F(Jobs, WithoutTheScannerACleanUpThatSeesNothingEndsWithWords) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Scan("w1");
  Restart();  // and w1 never comes back
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  Pass(options_.lease);
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(Give("w2").task().kind(), TASK_CLEANUP);
    EXPECT_EQ(Finish("w2", SawNothing()), ACCEPTED);
    Pass(absl::Seconds(30));
  }
  EXPECT_EQ(Job().state(), JOB_FAILED);
  EXPECT_THAT(Job().error(), HasSubstr("nothing of the job is to be seen at /out on w2, and worker w1"));
  ASSERT_TRUE(engine().Cancel("job", now()).ok()) << "when w1 is back";
  Sync("w1");
  EXPECT_EQ(Worker("w1").only().task().kind(), TASK_CLEANUP);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Job().state(), JOB_CANCELLED);
}

TEST_F(Jobs, AJobThatNobodyBeganIsCancelledAtOnce) {
  ASSERT_TRUE(Submit("job", 2).ok());
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  EXPECT_EQ(Job().state(), JOB_CANCELLED) << "no worker was ever there, so there is no claim";
}

// A scan that the coordinator before this one leased may begin until its lease is over, and nobody knows of it here.
TEST_F(Jobs, AfterARestartCleanUpWaitsForScansThatNobodyRemembers) {
  ASSERT_TRUE(Submit("job", 2).ok());
  Give("w1");  // the scan; w1 is not heard of for a while
  Restart();
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  Pass(options_.lease * 0.9);
  EXPECT_EQ(Give("w2").task().job_id(), "");
  EXPECT_THAT(Job().waiting_for(0), HasSubstr("what may still run must end"));
  Pass(options_.lease * 0.2);
  EXPECT_EQ(Give("w2").task().kind(), TASK_CLEANUP);
}

TEST_F(Jobs, RunningAndSucceededJobsAreNotRetried) {
  ASSERT_TRUE(Submit("job", 1).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(engine().Retry("job", "", now()).status()));
  WorkOff("w1");
  EXPECT_TRUE(absl::IsFailedPrecondition(engine().Retry("job", "", now()).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(engine().Cancel("job", now()).status()));
}

TEST_F(Jobs, ARestartGoesOnWhereTheJournalEnds) {
  options_.hold_back = absl::ZeroDuration();
  ASSERT_TRUE(Submit("job", 3).ok());
  Scan("w1");
  Give("w1");
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  Restart();
  RestartWorker("w1");
  EXPECT_EQ(Job().shards_done(), 1);
  EXPECT_EQ(Give("w1").task().index(), 1u);
  WorkOff("w1");
  EXPECT_EQ(Job().state(), JOB_SUCCEEDED);
  EXPECT_EQ(engine().durable().incarnation(), 2u);
}

TEST_F(Jobs, WhatWasNotCommittedIsGone) {
  SubmitJobRequest request;
  request.set_job_id("job");
  *request.mutable_spec() = Spec(1);
  ASSERT_TRUE(engine().Submit(request, "nonce", now()).ok());
  Restart();
  EXPECT_TRUE(absl::IsNotFound(engine().Get("job", now()).status()));
}

TEST_F(Jobs, ADeadJournalEndsTheEngine) {
  journal_.FailSync(absl::ResourceExhaustedError("disk full"));
  SubmitJobRequest request;
  request.set_job_id("job");
  *request.mutable_spec() = Spec(1);
  ASSERT_TRUE(engine().Submit(request, "nonce", now()).ok()) << "decided, but not to be told";
  EXPECT_TRUE(absl::IsUnavailable(engine().Commit()));
  journal_.FailSync(absl::OkStatus());
  EXPECT_TRUE(absl::IsUnavailable(engine().Commit())) << "for ever";
  EXPECT_TRUE(absl::IsUnavailable(engine().Get("job", now()).status()));
  EXPECT_TRUE(absl::IsUnavailable(engine().Sync(Request("w1"), now()).status()));
  Restart();
}

TEST_F(Jobs, ALogIsReadInPiecesAndSurvivesRestarts) {
  ASSERT_TRUE(Submit("job", 1).ok());
  const GetJobLogReply first = *engine().GetJobLog("job", 0);
  EXPECT_EQ(first.lines_size(), 1);
  EXPECT_FALSE(first.ended());
  Restart();
  Pass(absl::Minutes(1));
  WorkOff("w1");
  const GetJobLogReply rest = *engine().GetJobLog("job", first.next());
  EXPECT_EQ(rest.lines(0).text(), "the coordinator restarted (incarnation 2)");
  EXPECT_TRUE(rest.ended());
  EXPECT_EQ(engine().GetJobLog("job", rest.next())->lines_size(), 0);
}

TEST_F(Jobs, EveryChangeGrowsTheVersionAndIsTold) {
  ASSERT_TRUE(Submit("job", 1).ok());
  const uint64_t submitted = engine().Version("job");
  EXPECT_THAT(engine().TakeChangedJobs(), ElementsAre("job"));
  EXPECT_THAT(engine().TakeChangedJobs(), ElementsAre());
  Give("w1");
  EXPECT_GT(engine().Version("job"), submitted);
  Worker("w1").have[0].mutable_progress()->mutable_counts()->set_rows(17);
  Sync("w1");
  EXPECT_THAT(engine().TakeChangedJobs(), ElementsAre("job"));
  EXPECT_EQ(Job().counts().rows(), 17);
  EXPECT_EQ(Job().attempts(0).task(), "scan");
  const uint64_t before = engine().Version("job");
  Restart();
  EXPECT_GT(engine().Version("job"), before);
}

}  // namespace
}  // namespace millrace
