// Who holds which task: lost messages, silent, restarted and doubled workers, adoption, drain, the parked.
#include "tests/coordinator/engine/engine_story.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Leases : public EngineStory {
 protected:
  // A job of so many shards, scanned by w1.
  void Plan(int64_t shards) {
    ASSERT_TRUE(Submit("job", shards).ok());
    Scan("w1");
  }
};

TEST_F(Leases, AWorkerGetsAsMuchAsItHasSlots) {
  Plan(5);
  Worker("w1").info.set_slots(3);
  EXPECT_EQ(Sync("w1").add_size(), 3);
  EXPECT_EQ(Sync("w1").add_size(), 0);
  EXPECT_EQ(Sync("w2").add_size(), 1);
}

TEST_F(Leases, ALostReplyIsNoticedAtTheNextSyncAndNotCounted) {
  Plan(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Send(Request("w1")).add_size(), 1) << "never obeyed";
  EXPECT_EQ(Job().failures(), 0);
  EXPECT_EQ(Job().state(), JOB_RUNNING);
}

TEST_F(Leases, TheAnswerIsRepeatedUntilItIsHeard) {
  Plan(2);
  Give("w1");
  *Worker("w1").have[0].mutable_result() = ResultOf(Worker("w1").only());
  EXPECT_EQ(Send(Request("w1")).drop(0).verdict(), ACCEPTED);
  const SyncReply again = Send(Request("w1"));
  ASSERT_EQ(again.drop_size(), 1);
  EXPECT_EQ(again.drop(0).verdict(), ACCEPTED);
  EXPECT_EQ(Job().shards_done(), 1);
  EXPECT_EQ(engine().Metrics(now()).commits_duplicate, 1);
}

TEST_F(Leases, AnOldOrDoubledRequestIsSupersededAndChangesNothing) {
  Plan(1);
  const SyncRequest early = Request("w1");
  Give("w1");
  const uint64_t before = engine().Version("job");
  const SyncReply reply = Send(early);
  EXPECT_TRUE(reply.superseded());
  EXPECT_EQ(reply.sequence(), early.sequence());
  EXPECT_EQ(engine().Version("job"), before) << "its empty list did not cost the lease";
  EXPECT_EQ(Finish("w1"), ACCEPTED);
}

// A double of a request, late by so much that another coordinator hears it: the attempt that it speaks of was
// destroyed.
TEST_F(Leases, ARequestMeantForAnOlderCoordinatorIsNotTaken) {
  Plan(1);
  Give("w1");
  SyncRequest late = Request("w1");
  late.set_incarnation(1);
  Restart();
  const SyncReply reply = Send(late);
  EXPECT_TRUE(reply.superseded());
  EXPECT_EQ(reply.incarnation(), 2u) << "whoever is alive learns of this one";
  EXPECT_EQ(engine().Metrics(now()).leases_adopted, 0);
  SyncRequest again = Request("w1");
  again.set_incarnation(2);
  EXPECT_FALSE(Send(again).superseded());
  EXPECT_EQ(engine().Metrics(now()).leases_adopted, 1);
}

TEST_F(Leases, WhatHappenedToLeasesIsInTheLogAfterARestart) {
  Plan(1);
  Give("w1");
  Pass(absl::Seconds(16));
  Restart();
  EXPECT_THAT(Log(), HasSubstr("w1 was silent past its lease"));
  EXPECT_TRUE(engine().ListWorkers(now())->workers().empty());
  Sync("w1");
  EXPECT_FALSE(engine().ListWorkers(now())->workers(0).silent());
  Pass(absl::Seconds(16));
  EXPECT_TRUE(engine().ListWorkers(now())->workers(0).silent());
}

// ---- too little room for the journal ----

TEST_F(Leases, ReadOnlyRefusesJobsAndPausesThoseThatRun) {
  Plan(2);
  Give("w1");
  engine().SetReadOnly("only 3 MiB are free");
  const absl::Status refused = Submit("other", 1, "/other");
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("takes no jobs now: only 3 MiB are free"));
  EXPECT_TRUE(Submit("job", 2).ok()) << "the same again writes nothing";
  EXPECT_EQ(Give("w2").task().job_id(), "");
  EXPECT_THAT(Job().waiting_for(0), HasSubstr("--data-dir is nearly full"));
  *Worker("w1").have[0].mutable_result() = ResultOf(Worker("w1").only());
  const int64_t rows = engine().Metrics(now()).journal_rows;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Sync("w1").drop_size(), 0) << "its result is not taken, nor lost";
    Pass(absl::Seconds(30));
  }
  EXPECT_EQ(engine().Metrics(now()).journal_rows, rows);
  EXPECT_TRUE(engine().Metrics(now()).read_only);
  engine().SetReadOnly("");
  EXPECT_EQ(Sync("w1").drop(0).verdict(), ACCEPTED);
  WorkOff("w1");
  EXPECT_EQ(Job().state(), JOB_SUCCEEDED);
}

TEST_F(Leases, ReadOnlyStillTakesACancel) {
  Plan(2);
  engine().SetReadOnly("only 3 MiB are free");
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  EXPECT_TRUE(Job().cancelling());
}

TEST_F(Leases, ASilentWorkerLosesItsLeaseAndIsFencedWhenItComesBack) {
  Plan(1);
  Give("w1");
  Pass(absl::Seconds(16));
  EXPECT_EQ(Give("w2").task().index(), 0u);
  EXPECT_EQ(Finish("w1"), FENCED);
  EXPECT_EQ(Finish("w2"), ACCEPTED);
  EXPECT_EQ(Job().failures(), 0);
  EXPECT_THAT(Log(), HasSubstr("w1 was silent past its lease"));
}

TEST_F(Leases, SyncsKeepTheLease) {
  Plan(1);
  Give("w1");
  for (int i = 0; i < 10; ++i) {
    Pass(absl::Seconds(10));
    Sync("w1");
  }
  EXPECT_EQ(Finish("w1"), ACCEPTED);
}

TEST_F(Leases, ARestartedWorkersTasksAreLeasedAgainAtOnce) {
  Plan(1);
  Give("w1");
  RestartWorker("w1");
  EXPECT_EQ(Give("w1").task().index(), 0u);
  EXPECT_EQ(Job().failures(), 0);
}

TEST_F(Leases, ATaskThatKillsItsWorkersFailsTheJobInTheEnd) {
  Plan(1);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(Job().state(), JOB_RUNNING) << i;
    Give("w1");
    RestartWorker("w1");
    Sync("w1");
    Pass(absl::Seconds(10));
  }
  EXPECT_EQ(Job().state(), JOB_FAILED);
  EXPECT_EQ(Job().failures(), 4) << "the first loss is bad luck";
  EXPECT_THAT(Job().error(), HasSubstr("worker w1 died or restarted while it ran TRAIN shard 0 of 1"));
}

TEST_F(Leases, OfTwoProcessesWithOneNameTheNewerWins) {
  Plan(1);
  Give("w1");
  const FakeWorker old = Worker("w1");
  RestartWorker("w1");
  EXPECT_EQ(Sync("w1").add_size(), 1);
  SyncRequest late;
  *late.mutable_worker() = old.info;
  late.set_sequence(old.sequence + 1);
  *late.add_have() = old.have[0];
  const SyncReply reply = Send(late);
  EXPECT_EQ(reply.drop(0).verdict(), FENCED);
  EXPECT_TRUE(reply.drain());
  EXPECT_EQ(reply.add_size(), 0);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
}

TEST_F(Leases, ALateMessageOfADeadProcessDoesNotReplaceItsSuccessor) {
  Plan(1);
  Worker("w1").info.set_started_unix_ms(2000);
  RestartWorker("w1");
  Worker("w1").info.set_started_unix_ms(2000);
  Give("w1");
  SyncRequest dead = Request("w1");
  dead.mutable_worker()->set_process("an-older-process");
  dead.mutable_worker()->set_started_unix_ms(1000);
  dead.clear_have();
  EXPECT_TRUE(Send(dead).drain());
  EXPECT_EQ(Finish("w1"), ACCEPTED);
}

TEST_F(Leases, ARestartedCoordinatorAdoptsWhatRuns) {
  Plan(2);
  Give("w1");
  Restart();
  EXPECT_EQ(Sync("w1").drop_size(), 0);
  EXPECT_EQ(engine().Metrics(now()).leases_adopted, 1);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Job().failures(), 0);
}

TEST_F(Leases, ARestartedCoordinatorAdoptsWhatHasJustEnded) {
  Plan(1);
  Give("w1");
  Restart();
  EXPECT_EQ(Finish("w1"), ACCEPTED);
  EXPECT_EQ(Job().shards_done(), 1);
}

TEST_F(Leases, ARestartedCoordinatorHoldsNewLeasesBack) {
  Plan(2);
  Give("w1");
  Restart();
  EXPECT_EQ(Sync("w2").add_size(), 0) << "w1 may still run either shard";
  EXPECT_THAT(Job().waiting_for(), ElementsAre(HasSubstr("has just restarted")));
  Sync("w1");
  Pass(absl::Seconds(11));
  EXPECT_EQ(Give("w2").task().index(), 1u);
}

TEST_F(Leases, ACoordinatorWithoutUnfinishedJobsHoldsNothingBack) {
  Restart();
  ASSERT_TRUE(Submit("job", 1).ok());
  EXPECT_EQ(Sync("w1").add_size(), 1);
}

TEST_F(Leases, OneTaskIsAdoptedOnce) {
  Plan(1);
  Give("w1");
  Pass(absl::Seconds(16));
  Give("w2");
  Restart();
  EXPECT_EQ(Sync("w2").drop_size(), 0);
  EXPECT_EQ(Sync("w1").drop(0).verdict(), FENCED);
}

TEST_F(Leases, AnAnswerFromBeforeARetryIsFenced) {
  Plan(2);
  Give("w1");
  Give("w2");
  Fail("w2", TaskFailure::PERMANENT);
  ASSERT_TRUE(engine().Retry("job", "", now()).ok());
  Restart();
  EXPECT_EQ(Finish("w1"), FENCED) << "another generation is not adopted";
}

TEST_F(Leases, AFailureThatWasCountedBeforeTheRestartIsNotCountedTwice) {
  Plan(1);
  Give("w1");
  TaskResult failure;
  failure.mutable_failure()->set_message("broken");
  *Worker("w1").have[0].mutable_result() = failure;
  Send(Request("w1"));  // the reply is lost
  Restart();
  EXPECT_EQ(Sync("w1").drop(0).verdict(), REFUSED);
  EXPECT_EQ(Job().failures(), 1);
}

TEST_F(Leases, ADrainingWorkerGetsNothingAndHandsBackUncounted) {
  Plan(1);
  Give("w1");
  Worker("w1").info.set_draining(true);
  EXPECT_EQ(Fail("w1", TaskFailure::HANDED_BACK), REFUSED);
  EXPECT_EQ(Sync("w1").add_size(), 0);
  EXPECT_THAT(Job().waiting_for(), ElementsAre("w1: draining"));
  EXPECT_EQ(Sync("w2").add_size(), 1);
  EXPECT_EQ(Job().failures(), 0);
}

TEST_F(Leases, AnOperatorsWishToDrainIsToldUntilTheWorkerDrains) {
  Plan(1);
  ASSERT_TRUE(engine().DrainWorker("w1", now()).ok());
  EXPECT_TRUE(absl::IsNotFound(engine().DrainWorker("w9", now()).status()));
  EXPECT_TRUE(Sync("w1").drain());
  EXPECT_EQ(Sync("w1").add_size(), 0);
  Worker("w1").info.set_draining(true);
  EXPECT_FALSE(Sync("w1").drain()) << "it knows";
  RestartWorker("w1");
  EXPECT_EQ(Sync("w1").add_size(), 1) << "its restart ends the wish";
}

TEST_F(Leases, AParkedWorkerIsWokenForNewWork) {
  Sync("w1");
  engine().Park(Worker("w1").info.process());
  EXPECT_THAT(engine().TakeWoken(now()), IsEmpty());
  ASSERT_TRUE(Submit("job", 1).ok());
  EXPECT_THAT(engine().TakeWoken(now()), ElementsAre(Worker("w1").info.process()));
  const std::optional<SyncReply> reply = engine().Poll(Worker("w1").info.process(), now());
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->sequence(), Worker("w1").sequence);
  Obey("w1", *reply);
  EXPECT_EQ(Finish("w1"), ACCEPTED);
}

TEST_F(Leases, OnlyAsManyAreWokenAsThereIsWork) {
  for (int i = 0; i < 100; ++i) {
    const std::string name = "idle" + std::to_string(i);
    Sync(name);
    engine().Park(Worker(name).info.process());
  }
  ASSERT_TRUE(Submit("job", 1).ok());
  EXPECT_EQ(engine().TakeWoken(now()).size(), 1u);
}

TEST_F(Leases, AParkedWorkerIsWokenWhenItsWorkIsTakenAway) {
  Plan(1);
  Give("w1");
  engine().Park(Worker("w1").info.process());
  ASSERT_TRUE(engine().Cancel("job", now()).ok());
  EXPECT_THAT(engine().TakeWoken(now()), ElementsAre(Worker("w1").info.process()));
  const std::optional<SyncReply> reply = engine().Poll(Worker("w1").info.process(), now());
  ASSERT_TRUE(reply.has_value());
  ASSERT_EQ(reply->drop_size(), 1);
  EXPECT_EQ(reply->drop(0).verdict(), FENCED);
  EXPECT_EQ(reply->add_size(), 1) << "the clean-up, into the free slot";
}

TEST_F(Leases, AnUnparkedWorkerIsNotWoken) {
  Sync("w1");
  engine().Park(Worker("w1").info.process());
  engine().Unpark(Worker("w1").info.process());
  ASSERT_TRUE(Submit("job", 1).ok());
  EXPECT_THAT(engine().TakeWoken(now()), IsEmpty());
  EXPECT_EQ(Sync("w1").add_size(), 1);
}

TEST_F(Leases, WorkersAreListedUntilTheyAreForgotten) {
  Plan(1);
  Give("w1");
  EXPECT_EQ(engine().ListWorkers(now())->workers(0).busy(), 1);
  Pass(absl::Minutes(9));
  EXPECT_EQ(engine().Metrics(now()).workers_silent, 1);
  Pass(absl::Minutes(2));
  EXPECT_EQ(engine().ListWorkers(now())->workers_size(), 0);
}

}  // namespace
}  // namespace millrace
