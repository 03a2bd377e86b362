// The service with real threads: group commit, long polls, a dead journal, the end.
#include "coordinator/engine/service/engine_service.h"

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/base/mutex.h"
#include "coordinator/engine/service/in_process_client.h"
#include "tests/coordinator/engine/engine_story.h"

namespace millrace {
namespace {

using testing::HasSubstr;

// An answer that comes some time; perhaps after nobody waits for it any more.
template <typename T>
class Answer {
 public:
  Done<T> Callback() {
    return [state = state_](absl::StatusOr<T> answer) {
      MutexLock lock(&state->mu);
      state->answer = std::move(answer);
    };
  }
  bool arrived() {
    MutexLock lock(&state_->mu);
    return state_->answer.has_value();
  }
  absl::StatusOr<T> Wait() {
    MutexLock lock(&state_->mu);
    state_->mu.Await([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return state_->answer.has_value(); });
    return *state_->answer;
  }

 private:
  struct State {
    Mutex mu;
    std::optional<absl::StatusOr<T>> answer ABSL_GUARDED_BY(mu);
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

SubmitJobRequest JobOf(int64_t shards) {
  SubmitJobRequest request;
  request.set_job_id("job");
  request.mutable_spec()->mutable_convert()->add_inputs("/data/images.csv");
  request.mutable_spec()->mutable_convert()->set_output("/out");
  request.mutable_spec()->mutable_convert()->set_num_shards(shards);
  return request;
}

SyncRequest IdleSync(const std::string& name, uint64_t sequence, int64_t wait_ms = 4000) {
  SyncRequest request;
  request.mutable_worker()->set_name(name);
  request.mutable_worker()->set_process(absl::StrCat(name, "-process"));
  request.mutable_worker()->set_slots(8);
  request.set_sequence(sequence);
  request.set_wait_ms(wait_ms);
  return request;
}

// A worker that does nothing, quickly, until it is told to stop.
class NoOpWorker : private EngineStory {
 public:
  NoOpWorker(CoordinatorClient* client, const std::string& name)
      : client_(client), request_(IdleSync(name, 0)), thread_([this] { Run(); }) {}
  ~NoOpWorker() {
    stop_ = true;
    thread_.join();
  }
  void TestBody() override {}

 private:
  void Run() {
    while (!stop_) {
      request_.set_sequence(request_.sequence() + 1);
      request_.set_wait_ms(50);
      Answer<SyncReply> answer;
      client_->Sync(request_, answer.Callback());
      const absl::StatusOr<SyncReply> reply = answer.Wait();
      if (!reply.ok()) return;
      request_.clear_have();  // every result is accepted
      for (const Assignment& assignment : reply->add()) {
        AttemptReport& report = *request_.add_have();
        *report.mutable_task() = assignment.task();
        *report.mutable_epoch() = assignment.epoch();
        *report.mutable_result() = ResultOf(assignment);
      }
    }
  }

  CoordinatorClient* const client_;
  SyncRequest request_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class EngineServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto journal = std::make_unique<MemoryJournal>();
    journal_ = journal.get();
    EngineServiceOptions options;
    options.on_fatal = [this](const absl::Status&) { ++fatal_; };
    options.room_period = absl::ZeroDuration();
    options.may_write = [this] {
      return disk_full_ ? absl::ResourceExhaustedError("only 3 MiB are free") : absl::OkStatus();
    };
    service_ = *EngineService::Start(options, std::move(journal));
    client_ = std::make_unique<InProcessClient>(service_.get());
  }
  void TearDown() override { SetFailpoints(""); }

  JobStatus WaitUntilEnded() {
    GetJobRequest request;
    request.set_job_id("job");
    request.set_wait_ms(10000);
    absl::StatusOr<JobStatus> job = client_->GetJob(request);
    while (job.ok() && job->state() == JOB_RUNNING) {
      request.set_after_version(job->version());
      job = client_->GetJob(request);
    }
    EXPECT_TRUE(job.ok()) << job.status();
    return job.value_or(JobStatus());
  }

  std::atomic<int> fatal_ = 0;
  std::atomic<bool> disk_full_ = false;
  MemoryJournal* journal_ = nullptr;  // the service's
  std::unique_ptr<EngineService> service_;
  std::unique_ptr<InProcessClient> client_;
};

// How fast it is: benchmarks/engine.
TEST_F(EngineServiceTest, TwoWorkersFinishAJobOfAThousandTasks) {
  NoOpWorker one(client_.get(), "w1"), two(client_.get(), "w2");
  ASSERT_TRUE(client_->SubmitJob(JobOf(1000)).ok());
  const JobStatus job = WaitUntilEnded();
  EXPECT_EQ(job.state(), JOB_SUCCEEDED) << job.error();
  EXPECT_EQ(job.shards_done(), 1000);
  EXPECT_EQ(service_->Metrics().commits_accepted, 1002);
}

TEST_F(EngineServiceTest, TenThousandIdleWorkersCanWaitAndOneTaskWakesOne) {
  constexpr int kWorkers = 10000;
  std::atomic<int> answered = 0;
  std::atomic<int> given = 0;
  for (int i = 0; i < kWorkers; ++i)
    client_->Sync(IdleSync(absl::StrCat("w", i), 1, 60000), [&](const absl::StatusOr<SyncReply>& reply) {
      ++answered;
      given += reply.ok() ? reply->add_size() : 0;
    });
  EXPECT_EQ(service_->Metrics().workers_active, kWorkers);
  EXPECT_EQ(service_->Metrics().syncs_parked + answered, kWorkers);
  ASSERT_TRUE(client_->SubmitJob(JobOf(1)).ok());
  ASSERT_TRUE(client_->ListJobs({}).ok());  // behind the submission's batch
  EXPECT_EQ(given, 1);
  service_->Shutdown();
  EXPECT_EQ(answered, kWorkers);
}

TEST_F(EngineServiceTest, AnIdleWorkersCallIsAnsweredWhenWorkComes) {
  Answer<SyncReply> parked;
  service_->Sync(IdleSync("w1", 1), parked.Callback());
  ASSERT_TRUE(client_->ListWorkers({}).ok());
  EXPECT_FALSE(parked.arrived());
  ASSERT_TRUE(client_->SubmitJob(JobOf(1)).ok());
  EXPECT_EQ(parked.Wait()->add_size(), 1);
}

TEST_F(EngineServiceTest, ACallWithoutNewsEndsAfterItsTime) {
  Answer<SyncReply> parked;
  service_->Sync(IdleSync("w1", 1, 20), parked.Callback());
  const absl::StatusOr<SyncReply> reply = parked.Wait();
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->sequence(), 1u);
  EXPECT_EQ(reply->lease_ms(), 15000);
}

TEST_F(EngineServiceTest, ANewerCallOfTheSameProcessSupersedesTheParkedOne) {
  Answer<SyncReply> older, newer;
  service_->Sync(IdleSync("w1", 1), older.Callback());
  service_->Sync(IdleSync("w1", 2), newer.Callback());
  EXPECT_TRUE(older.Wait()->superseded());
  EXPECT_EQ(older.Wait()->sequence(), 1u);
  Answer<SyncReply> late;
  service_->Sync(IdleSync("w1", 1), late.Callback());
  EXPECT_TRUE(late.Wait()->superseded());
  EXPECT_FALSE(newer.arrived());
}

TEST_F(EngineServiceTest, ADiskThatIsNearlyFullMakesItReadOnlyUntilThereIsRoom) {
  EXPECT_TRUE(service_->Ready().ok());
  disk_full_ = true;
  const absl::Status refused = client_->SubmitJob(JobOf(1)).status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("only 3 MiB are free"));
  EXPECT_TRUE(absl::IsResourceExhausted(service_->Ready()));
  EXPECT_TRUE(service_->healthy());
  disk_full_ = false;
  EXPECT_TRUE(client_->SubmitJob(JobOf(1)).ok());
  EXPECT_TRUE(service_->Ready().ok());
}

TEST_F(EngineServiceTest, WatchersHearOfChanges) {
  ASSERT_TRUE(client_->SubmitJob(JobOf(1)).ok());
  GetJobRequest request;
  request.set_job_id("job");
  request.set_wait_ms(60000);
  request.set_after_version(client_->GetJob(request)->version());
  Answer<JobStatus> watching;
  service_->GetJob(request, watching.Callback());
  CancelJobRequest cancel;
  cancel.set_job_id("job");
  ASSERT_TRUE(client_->CancelJob(cancel).ok());
  EXPECT_TRUE(watching.Wait()->state() == JOB_CANCELLED);
}

TEST_F(EngineServiceTest, AWatcherOfAQuietJobHearsTheSameAfterItsTime) {
  ASSERT_TRUE(client_->SubmitJob(JobOf(1)).ok());
  GetJobRequest request;
  request.set_job_id("job");
  request.set_after_version(client_->GetJob(request)->version());
  request.set_wait_ms(10);
  EXPECT_EQ(client_->GetJob(request)->version(), request.after_version());
}

TEST_F(EngineServiceTest, ALogIsFollowedToItsEnd) {
  ASSERT_TRUE(client_->SubmitJob(JobOf(2)).ok());
  NoOpWorker worker(client_.get(), "w1");
  GetJobLogRequest request;
  request.set_job_id("job");
  request.set_wait_ms(10000);
  std::string text;
  for (bool ended = false; !ended;) {
    const GetJobLogReply reply = *client_->GetJobLog(request);
    for (const LogLine& line : reply.lines()) absl::StrAppend(&text, line.text(), "\n");
    request.set_after(reply.next());
    ended = reply.ended();
  }
  EXPECT_THAT(text, HasSubstr("succeeded: 200 rows in 2 shards"));
}

TEST_F(EngineServiceTest, ShutdownAnswersEveryoneAndRefusesTheRest) {
  ASSERT_TRUE(client_->SubmitJob(JobOf(1)).ok());
  Answer<SyncReply> scanning, idle;
  service_->Sync(IdleSync("w1", 1), scanning.Callback());
  service_->Sync(IdleSync("w2", 1), idle.Callback());
  GetJobRequest request;
  request.set_job_id("job");
  request.set_after_version(~uint64_t{0});
  request.set_wait_ms(60000);
  Answer<JobStatus> watching;
  service_->GetJob(request, watching.Callback());
  service_->Shutdown();
  EXPECT_EQ(scanning.Wait()->add_size(), 1);
  EXPECT_EQ(idle.Wait()->add_size(), 0);
  EXPECT_EQ(watching.Wait()->job_id(), "job");
  EXPECT_TRUE(absl::IsUnavailable(client_->ListJobs({}).status()));
  EXPECT_FALSE(service_->healthy());
  EXPECT_EQ(service_->Metrics().jobs_running, 1) << "the last snapshot";
}

TEST_F(EngineServiceTest, NothingIsPromisedOnceTheJournalFailed) {
  Answer<SyncReply> parked;
  service_->Sync(IdleSync("w1", 1), parked.Callback());
  ASSERT_TRUE(client_->ListJobs({}).ok());  // parked by now
  SetFailpoints("engine/before_commit=full");
  EXPECT_TRUE(absl::IsUnavailable(client_->SubmitJob(JobOf(1)).status()));
  EXPECT_TRUE(absl::IsUnavailable(parked.Wait().status())) << "no assignment of a job that may not exist";
  EXPECT_TRUE(absl::IsUnavailable(client_->ListJobs({}).status()));
  EXPECT_EQ(fatal_, 1);
  EXPECT_FALSE(service_->healthy());
}

}  // namespace
}  // namespace millrace
