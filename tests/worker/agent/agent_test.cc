// The agent against a coordinator that the test plays by hand.
#include "worker/agent/agent.h"

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>

#include "common/base/log.h"
#include "common/storage/memory_store.h"
#include "worker/agent/output_roots.h"

namespace millrace {
namespace {

// Hands every Sync to the test, which answers when it likes.
class HandPlayedCoordinator : public CoordinatorClient {
 public:
  struct Call {
    SyncRequest request;
    std::function<void(absl::StatusOr<SyncReply>)> done;

    void Answer(SyncReply reply) {
      reply.set_sequence(request.sequence());
      reply.set_lease_ms(60'000);
      done(reply);
    }
  };

  Call Next() {
    MutexLock lock(&mu_);
    mu_.Await([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !calls_.empty(); });
    Call call = std::move(calls_.front());
    calls_.pop_front();
    return call;
  }
  void Sync(const SyncRequest& request, std::function<void(absl::StatusOr<SyncReply>)> done) override {
    MutexLock lock(&mu_);
    calls_.push_back({request, std::move(done)});
  }

  absl::StatusOr<SubmitJobReply> SubmitJob(const SubmitJobRequest&) override {
    return absl::UnimplementedError("test");
  }
  absl::StatusOr<JobStatus> GetJob(const GetJobRequest&) override { return absl::UnimplementedError("test"); }
  absl::StatusOr<ListJobsReply> ListJobs(const ListJobsRequest&) override { return absl::UnimplementedError("test"); }
  absl::StatusOr<JobStatus> CancelJob(const CancelJobRequest&) override { return absl::UnimplementedError("test"); }
  absl::StatusOr<JobStatus> RetryJob(const RetryJobRequest&) override { return absl::UnimplementedError("test"); }
  absl::StatusOr<GetJobLogReply> GetJobLog(const GetJobLogRequest&) override {
    return absl::UnimplementedError("test");
  }
  absl::StatusOr<ListWorkersReply> ListWorkers(const ListWorkersRequest&) override {
    return absl::UnimplementedError("test");
  }
  absl::StatusOr<DrainWorkerReply> DrainWorker(const DrainWorkerRequest&) override {
    return absl::UnimplementedError("test");
  }

 private:
  Mutex mu_;
  std::deque<Call> calls_ ABSL_GUARDED_BY(mu_);
};

TEST(OutputRoots, ConfineWhereAWorkerWrites) {
  const std::string root = testing::TempDir() + "/output_roots";
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root + "/allowed");
  std::filesystem::create_directories(root + "/other");
  std::filesystem::create_symlink(root + "/other", root + "/allowed/link");
  const std::vector<std::string> roots = {root + "/allowed"};
  EXPECT_TRUE(CheckOutputRoots("/anywhere", {}).ok());
  EXPECT_TRUE(CheckOutputRoots(root + "/allowed", roots).ok());
  EXPECT_TRUE(CheckOutputRoots(root + "/allowed/new/data set", roots).ok()) << "it need not exist";
  for (const char* outside : {"/other/out", "/allowed-too", "/allowed/../other/out", "/allowed/link/out", ""}) {
    const absl::Status status = CheckOutputRoots(root + outside, roots);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << outside << ": another worker may have other roots";
  }
  const absl::Status status = CheckOutputRoots("/elsewhere/out", roots);
  EXPECT_EQ(status.message(), "output folder /elsewhere/out lies outside this worker's --file-root (" + roots[0] + ")");
  EXPECT_TRUE(CheckOutputRoots("/elsewhere/out", {roots[0], "/"}).ok());
}

Assignment WriteTask(uint64_t sequence) {
  Assignment assignment;
  assignment.mutable_task()->set_job_id("job");
  assignment.mutable_task()->set_kind(TASK_WRITE);
  assignment.mutable_epoch()->set_incarnation(1);
  assignment.mutable_epoch()->set_sequence(sequence);
  assignment.mutable_spec()->set_output("/out");
  assignment.mutable_write();
  return assignment;
}

SyncReply Adds(const Assignment& assignment) {
  SyncReply reply;
  *reply.add_add() = assignment;
  return reply;
}

SyncReply Drops(const Assignment& assignment, SyncReply::Drop::Verdict verdict) {
  SyncReply reply;
  *reply.add_drop()->mutable_attempt()->mutable_epoch() = assignment.epoch();
  reply.mutable_drop(0)->set_verdict(verdict);
  return reply;
}

class AgentTest : public testing::Test {
 protected:
  // A worker whose tasks end as `runner_` says.
  void Start(Agent::TaskRunner runner) {
    AgentOptions options;
    options.info.set_name("w1");
    options.info.set_slots(2);
    options.backoff_start = absl::Milliseconds(1);
    AgentObserver observer;
    observer.ended = [this](const Assignment&, absl::string_view outcome, const TaskResult*) {
      MutexLock lock(&mu_);
      outcomes_.emplace_back(outcome);
    };
    agent_ = std::make_unique<Agent>(options, &coordinator_, store_.get(), std::move(runner), observer);
  }
  // Answers "nothing" until a request reports a result.
  HandPlayedCoordinator::Call NextWithResult() {
    for (;;) {
      HandPlayedCoordinator::Call call = coordinator_.Next();
      if (call.request.have_size() > 0 && call.request.have(0).has_result()) return call;
      call.Answer({});
    }
  }
  std::vector<std::string> outcomes() {
    MutexLock lock(&mu_);
    return outcomes_;
  }

  HandPlayedCoordinator coordinator_;
  std::unique_ptr<Store> store_ = std::make_unique<MemoryStore>();
  Mutex mu_;
  std::vector<std::string> outcomes_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Agent> agent_;
};

absl::StatusOr<TaskResult> Written(TaskContext&) {
  TaskResult result;
  result.mutable_write()->mutable_counts()->set_written(7);
  return result;
}

absl::StatusOr<TaskResult> UntilStopped(TaskContext& context) {
  Mutex mu;
  MutexLock lock(&mu);
  std::stop_callback unlock(context.stop, [] {});
  while (!context.stop.stop_requested()) mu.AwaitFor([] { return false; }, absl::Milliseconds(1));
  return absl::CancelledError("stopped");
}

TEST_F(AgentTest, ReportsAResultUntilItIsAcknowledged) {
  Start(Written);
  coordinator_.Next().Answer(Adds(WriteTask(1)));
  HandPlayedCoordinator::Call first = NextWithResult();
  EXPECT_EQ(first.request.have(0).result().write().counts().written(), 7);
  first.done(absl::UnavailableError("lost"));
  HandPlayedCoordinator::Call again = NextWithResult();
  EXPECT_EQ(again.request.have(0).epoch().sequence(), 1u);
  again.Answer(Drops(WriteTask(1), SyncReply::Drop::ACCEPTED));
  EXPECT_EQ(coordinator_.Next().request.have_size(), 0);
  EXPECT_EQ(outcomes(), std::vector<std::string>{"accepted"});
}

TEST_F(AgentTest, EchoesWhichCoordinatorAnsweredAndSaysAllAgainToAnother) {
  Start(UntilStopped);
  HandPlayedCoordinator::Call first = coordinator_.Next();
  EXPECT_EQ(first.request.incarnation(), 0u);
  EXPECT_GT(first.request.worker().started_unix_ms(), 0);
  SyncReply reply = Adds(WriteTask(1));
  reply.set_incarnation(7);
  first.Answer(reply);
  HandPlayedCoordinator::Call second = coordinator_.Next();
  EXPECT_EQ(second.request.incarnation(), 7u);
  SyncReply another;
  another.set_incarnation(8);
  another.set_superseded(true);
  second.Answer(another);
  HandPlayedCoordinator::Call third = coordinator_.Next();
  EXPECT_EQ(third.request.incarnation(), 8u);
  EXPECT_EQ(third.request.have_size(), 1) << "the attempt goes on";
}

TEST_F(AgentTest, IgnoresTheAnswerOfAnOlderCall) {
  Start(Written);
  coordinator_.Next().Answer(Adds(WriteTask(1)));
  HandPlayedCoordinator::Call parked = coordinator_.Next();
  // The result goes out over the head of the parked call (unless that call already carried it).
  if (!parked.request.have(0).has_result()) {
    HandPlayedCoordinator::Call newer = coordinator_.Next();
    ASSERT_TRUE(newer.request.have(0).has_result());
    parked.Answer(Adds(WriteTask(2)));  // too late: the coordinator takes this one as lost
    newer.Answer({});
    EXPECT_EQ(coordinator_.Next().request.have_size(), 1);
  }
}

TEST_F(AgentTest, AFencedAttemptIsStoppedAndItsFilesDestroyed) {
  const Assignment assignment = WriteTask(3);
  Start([](TaskContext& context) -> absl::StatusOr<TaskResult> {
    auto writer = context.store.Prepare("/out/train", AttemptStagingFolder(context.assignment) + "/train");
    EXPECT_TRUE((*writer)->Append("bytes").ok());
    PreparedFile file = (*writer)->Finish().value();
    file.set_path(AttemptStagingFolder(context.assignment) + "/visible");
    EXPECT_TRUE(context.store.CreateExclusive(AttemptStagingFolder(context.assignment) + "/dead_letters", "x").ok());
    return UntilStopped(context);
  });
  coordinator_.Next().Answer(Adds(assignment));
  HandPlayedCoordinator::Call call = coordinator_.Next();
  ASSERT_EQ(call.request.have_size(), 1);
  call.Answer(Drops(assignment, SyncReply::Drop::FENCED));
  EXPECT_EQ(coordinator_.Next().request.have_size(), 0);
  agent_.reset();  // joins the attempt's thread
  EXPECT_TRUE(store_->List(AttemptStagingFolder(assignment))->empty());
  EXPECT_EQ(outcomes(), std::vector<std::string>{"fenced"});
}

TEST_F(AgentTest, TheStatusCodeSaysWhatIsReported) {
  const std::pair<absl::Status, TaskFailure::Kind> cases[] = {
      {absl::InvalidArgumentError("images.csv:3: unclosed quote"), TaskFailure::PERMANENT},
      {absl::AlreadyExistsError("another job's output"), TaskFailure::PERMANENT},
      {absl::FailedPreconditionError("another disk"), TaskFailure::WRONG_MACHINE},
      {absl::ResourceExhaustedError("disk full"), TaskFailure::TASK_ERROR},
      {absl::InternalError("bug"), TaskFailure::TASK_ERROR},
      {absl::NotFoundError("/data/\xff.jpg: a name that is not UTF-8"), TaskFailure::TASK_ERROR},
  };
  for (const auto& [status, kind] : cases) {
    HandPlayedCoordinator coordinator;
    Agent agent({}, &coordinator, store_.get(), [&status = status](TaskContext&) { return status; });
    coordinator.Next().Answer(Adds(WriteTask(1)));
    HandPlayedCoordinator::Call call = coordinator.Next();
    while (!call.request.have(0).has_result()) {
      call.Answer({});
      call = coordinator.Next();
    }
    EXPECT_EQ(call.request.have(0).result().failure().kind(), kind) << status;
    EXPECT_EQ(call.request.have(0).result().failure().message(), ValidUtf8(status.message()));
    EXPECT_TRUE(SyncRequest().ParseFromString(call.request.SerializeAsString())) << "it must arrive";
  }
}

TEST_F(AgentTest, DrainHandsBackWhatCannotFinish) {
  Start(UntilStopped);
  coordinator_.Next().Answer(Adds(WriteTask(1)));
  HandPlayedCoordinator::Call parked = coordinator_.Next();
  ASSERT_EQ(parked.request.have_size(), 1);
  agent_->Drain();
  bool drained = false;
  std::thread waiter([&] { drained = agent_->WaitUntilDrained(absl::Seconds(8)); });
  parked.Answer({});
  HandPlayedCoordinator::Call call = NextWithResult();
  EXPECT_TRUE(call.request.worker().draining());
  EXPECT_EQ(call.request.have(0).result().failure().kind(), TaskFailure::HANDED_BACK);
  call.Answer(Drops(WriteTask(1), SyncReply::Drop::ACCEPTED));
  waiter.join();
  EXPECT_TRUE(drained);
  EXPECT_EQ(outcomes(), std::vector<std::string>{"handed_back"});
}

TEST_F(AgentTest, ATaskWithSharedNamesStopsWhenItsLeaseEnds) {
  Start(UntilStopped);
  Assignment publish = WriteTask(1);
  publish.mutable_task()->set_kind(TASK_PUBLISH);
  HandPlayedCoordinator::Call call = coordinator_.Next();
  SyncReply reply = Adds(publish);
  reply.set_sequence(call.request.sequence());
  reply.set_lease_ms(10);
  call.done(reply);
  // No answer comes any more; the attempt ends by itself and its failure is offered.
  HandPlayedCoordinator::Call next = coordinator_.Next();
  next.done(absl::UnavailableError("away"));
  for (;;) {
    HandPlayedCoordinator::Call later = coordinator_.Next();
    if (later.request.have(0).has_result()) {
      EXPECT_EQ(later.request.have(0).result().failure().kind(), TaskFailure::TASK_ERROR);
      break;
    }
    later.done(absl::UnavailableError("away"));
  }
}

}  // namespace
}  // namespace millrace
