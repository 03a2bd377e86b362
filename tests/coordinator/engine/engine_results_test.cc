// Which result counts and what a failure costs: retries, wrong machines, second opinions, quarantine, stragglers.
#include "tests/coordinator/engine/engine_story.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ResultsTest : public EngineStory {
 protected:
  void Plan(int64_t shards) {
    ASSERT_TRUE(Submit("job", shards).ok());
    Scan("w1");
  }
  // w1 has shard 0 in hand: it is there to ask, and takes nothing until it is done.
  void PlanAndOccupy(int64_t shards) {
    Plan(shards);
    ASSERT_EQ(Give("w1").task().index(), 0u);
  }
  // Nearly all rows of its shard are unreadable there; it takes nothing new meanwhile.
  void LoseMount(const std::string& name) {
    Worker(name).info.set_slots(0);
    EXPECT_EQ(Finish(name, Written(Worker(name).only(), 90, 90)), REFUSED);
    Worker(name).info.set_slots(1);
  }
};

TEST_F(ResultsTest, AFailedTaskIsTriedOnAnotherWorkerFirst) {
  PlanAndOccupy(2);
  ASSERT_EQ(Give("w2").task().index(), 1u);
  EXPECT_EQ(Fail("w2", TaskFailure::TASK_ERROR), REFUSED);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Sync("w2").add_size(), 0) << "w1 could take it, in a moment";
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  ASSERT_EQ(Worker("w1").only().task().index(), 1u);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Job().failures(), 1);
}

TEST_F(ResultsTest, WithoutAnotherWorkerTheSameTriesAgainAfterAMoment) {
  Plan(1);
  Give("w1");
  Fail("w1", TaskFailure::TASK_ERROR);
  EXPECT_EQ(Sync("w1").add_size(), 0);
  EXPECT_THAT(Job().waiting_for(), ElementsAre("a failed task is tried again in a moment"));
  Pass(options_.retry_backoff);
  EXPECT_EQ(Sync("w1").add_size(), 1);
}

TEST_F(ResultsTest, FourCountedFailuresFailTheJobWithTheTasksOwnWords) {
  Plan(2);
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(Job().state(), JOB_RUNNING);
    ASSERT_EQ(Give("w1").task().index(), 0u);
    Worker("w1").info.set_draining(true);  // leave shard 1 alone
    Fail("w1", TaskFailure::TASK_ERROR, "images.csv:120: disk on fire");
    Worker("w1").info.set_draining(false);
    Pass(absl::Seconds(10));
  }
  EXPECT_EQ(Job().state(), JOB_FAILED);
  EXPECT_EQ(Job().error(), "images.csv:120: disk on fire (TRAIN shard 0 of 2, rows 1 to 100 of the split, worker w1)");
}

TEST_F(ResultsTest, AWrongMachineIsLeftOutForThisJobAndNotCounted) {
  PlanAndOccupy(2);
  Sync("w2");
  EXPECT_EQ(Fail("w2", TaskFailure::WRONG_MACHINE, "the claim there has another nonce"), REFUSED);
  EXPECT_EQ(Sync("w2").add_size(), 0);
  EXPECT_EQ(Job().failures(), 0);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Worker("w1").only().task().index(), 1u);
  EXPECT_THAT(Log(), HasSubstr("worker w2 cannot work for this job: the claim there has another nonce"));
}

TEST_F(ResultsTest, AWrongMachineWithoutAnotherFailsTheJobInTheEnd) {
  ASSERT_TRUE(Submit("job", 1).ok());
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(Sync("w1").add_size(), 1);
    Fail("w1", TaskFailure::WRONG_MACHINE, "no such file: /data/images.csv");
    Pass(absl::Seconds(10));
  }
  EXPECT_EQ(Job().state(), JOB_FAILED);
  EXPECT_THAT(Job().error(), HasSubstr("no such file"));
}

TEST_F(ResultsTest, CountsThatDoNotAddUpAreAFailure) {
  Plan(1);
  Give("w1");
  TaskResult wrong = Written(Worker("w1").only(), 0);
  wrong.mutable_write()->mutable_counts()->set_written(99);
  EXPECT_EQ(Finish("w1", wrong), REFUSED);
  EXPECT_EQ(Job().shards_done(), 0);
  EXPECT_THAT(Log(), HasSubstr("counts do not add up: 100 rows, 99 written"));
}

TEST_F(ResultsTest, AResultOfTheWrongKindIsAFailure) {
  Plan(1);
  Give("w1");
  TaskResult wrong;
  wrong.mutable_publish();
  EXPECT_EQ(Finish("w1", wrong), REFUSED);
  EXPECT_EQ(Job().failures(), 1);
}

TEST_F(ResultsTest, ManyUnreadableRowsNeedASecondOpinionAndTheHealthyWorkerWins) {
  PlanAndOccupy(2);
  Sync("w2");
  EXPECT_EQ(Finish("w2", Written(Worker("w2").only(), 50, 50)), REFUSED);
  EXPECT_EQ(Sync("w2").add_size(), 0) << "not the same one again";
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Job().shards_done(), 2);
  EXPECT_EQ(Job().counts().dead_letters(), 0);
  EXPECT_EQ(Job().failures(), 0);
}

TEST_F(ResultsTest, ASecondWorkerThatAgreesMakesItTrue) {
  PlanAndOccupy(10);
  Sync("w2");
  EXPECT_EQ(Finish("w2", Written(Worker("w2").only(), 50, 50)), REFUSED);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  ASSERT_EQ(Worker("w1").only().task().index(), 1u);
  EXPECT_EQ(Finish("w1", Written(Worker("w1").only(), 50, 50)), ACCEPTED);
  EXPECT_EQ(Job().counts().dead_letters(), 50);
}

TEST_F(ResultsTest, WithoutASecondWorkerTheFirstIsBelieved) {
  ASSERT_TRUE(Submit("job", 10).ok());
  Scan("w1");
  Give("w1");
  EXPECT_EQ(Finish("w1", Written(Worker("w1").only(), 50, 50)), ACCEPTED);
}

TEST_F(ResultsTest, AFewUnreadableRowsAreNotSuspicious) {
  Plan(2);
  Sync("w2");
  EXPECT_EQ(Finish("w2", Written(Worker("w2").only(), 8, 8)), ACCEPTED);    // of 100
  EXPECT_EQ(Finish("w2", Written(Worker("w2").only(), 10, 10)), ACCEPTED);  // 10 %
}

TEST_F(ResultsTest, AWorkerWithALostMountIsQuarantined) {
  PlanAndOccupy(8);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(Sync("w2").add_size(), 1) << i;
    LoseMount("w2");
    EXPECT_EQ(Finish("w1"), ACCEPTED);
    EXPECT_EQ(Finish("w1"), ACCEPTED) << "of what w2 could not read";
  }
  EXPECT_EQ(Sync("w2").add_size(), 0);
  EXPECT_THAT(engine().ListWorkers(now())->workers(1).quarantined(), HasSubstr("could read files that it could not"));
  EXPECT_EQ(engine().Metrics(now()).quarantines, 1);
  RestartWorker("w2");
  EXPECT_EQ(Sync("w2").add_size(), 1) << "a restart ends it";
}

TEST_F(ResultsTest, AQuarantineEndsByItself) {
  options_.offences_until_quarantine = 1;
  options_.lease = absl::Hours(1);
  Start();
  PlanAndOccupy(5);
  Sync("w2");
  LoseMount("w2");
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  Pass(absl::Minutes(9));
  EXPECT_EQ(Sync("w2").add_size(), 0);
  Pass(absl::Seconds(61));
  EXPECT_EQ(Sync("w2").add_size(), 1);
}

TEST_F(ResultsTest, ASlowTaskGetsASecondCopyAndTheFirstToEndWins) {
  Plan(5);
  Give("w1");
  for (int i = 0; i < 4; ++i) {
    Sync("w2");
    Pass(absl::Seconds(1));
    Sync("w1");
    Worker("w2").info.set_draining(true);
    EXPECT_EQ(Finish("w2"), ACCEPTED);
    Worker("w2").info.set_draining(false);
  }
  EXPECT_EQ(Sync("w2").add_size(), 0);
  Pass(absl::Seconds(3));
  const Assignment copy = Give("w2");
  EXPECT_EQ(copy.task().index(), 0u);
  EXPECT_EQ(Sync("w3").add_size(), 0) << "two copies are enough";
  EXPECT_EQ(Finish("w2"), ACCEPTED);
  EXPECT_EQ(Sync("w1").drop(0).verdict(), FENCED);
  EXPECT_EQ(Job().shards_done(), 5);
}

TEST_F(ResultsTest, WhenOneCopyFailsTheOtherGoesOn) {
  Plan(4);
  Give("w1");
  for (int i = 0; i < 3; ++i) {
    Sync("w2");
    Worker("w2").info.set_draining(true);
    Finish("w2");
    Worker("w2").info.set_draining(false);
  }
  Pass(absl::Seconds(6));
  ASSERT_EQ(Give("w2").task().index(), 0u);
  EXPECT_EQ(Fail("w2", TaskFailure::TASK_ERROR), REFUSED);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Sync("w3").add_size(), 1) << "a third worker makes the copy";
  EXPECT_EQ(Finish("w1"), ACCEPTED);
}

TEST_F(ResultsTest, EqualOutcomesWithOtherBytesAreABugAndLoud) {
  Plan(2);
  Give("w1");
  Pass(absl::Seconds(16));
  ASSERT_EQ(Give("w2").task().index(), 0u);
  Worker("w2").info.set_draining(true);
  EXPECT_EQ(Finish("w2"), ACCEPTED);
  TaskResult other = Written(Worker("w1").only(), 0);
  other.mutable_write()->mutable_shard()->set_xxh3_128("other bytes");
  EXPECT_EQ(Finish("w1", other), FENCED);
  EXPECT_EQ(Job().state(), JOB_FAILED);
  EXPECT_THAT(Job().error(), HasSubstr("bug of Millrace"));
  ASSERT_TRUE(engine().Retry("job", "", now()).ok());
  EXPECT_EQ(Job().shards_done(), 0) << "neither is trusted";
}

TEST_F(ResultsTest, OtherOutcomesOfALateResultAreOnlyDropped) {
  Plan(2);
  Give("w1");
  Pass(absl::Seconds(16));
  Give("w2");
  EXPECT_EQ(Finish("w2"), ACCEPTED);
  EXPECT_EQ(Finish("w1", Written(Worker("w1").only(), 1)), FENCED);
  EXPECT_EQ(Job().state(), JOB_RUNNING);
}

}  // namespace
}  // namespace millrace
