#include "tests/coordinator/engine/engine_story.h"

#include "absl/strings/str_cat.h"

namespace millrace {

void EngineStory::Start() {
  engine_ = std::make_unique<Engine>(options_, &journal_);
  ASSERT_TRUE(engine_->Start(moment_).ok());
}

void EngineStory::TearDown() {
  ASSERT_TRUE(engine_->Commit().ok() || !engine_->dirty()) << "tests of a failed journal end it themselves";
  const std::vector<Update> rows = journal_.Rows();
  DurableState replayed;
  for (const Update& row : rows) replayed.Apply(row);
  EXPECT_EQ(replayed.DebugString(), engine_->durable().DebugString());
  for (size_t prefix = 0; prefix <= rows.size(); ++prefix) {
    MemoryJournal journal = MemoryJournal::Of({rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(prefix)});
    Engine engine(options_, &journal);
    ASSERT_TRUE(engine.Start(moment_).ok()) << "after " << prefix << " rows";
  }
}

void EngineStory::Restart() {
  journal_.Crash();
  Start();
}

void EngineStory::Pass(absl::Duration time) {
  moment_.now += time;
  moment_.unix_ms += absl::ToInt64Milliseconds(time);
  engine_->Tick(moment_);
  ASSERT_TRUE(engine_->Commit().ok());
}

JobSpec EngineStory::Spec(int64_t shards, const std::string& output) {
  JobSpec spec;
  spec.mutable_convert()->add_inputs("/data/images.csv");
  spec.mutable_convert()->set_output(output);
  spec.mutable_convert()->set_num_shards(shards);
  return spec;
}

absl::Status EngineStory::Submit(const std::string& id, int64_t shards, const std::string& output) {
  SubmitJobRequest request;
  request.set_job_id(id);
  *request.mutable_spec() = Spec(shards, output);
  const absl::Status status = engine_->Submit(request, "0123456789abcdef", moment_).status();
  EXPECT_TRUE(engine_->Commit().ok());
  return status;
}

JobStatus EngineStory::Job(const std::string& id) {
  absl::StatusOr<JobStatus> job = engine_->Get(id, moment_);
  EXPECT_TRUE(job.ok()) << job.status();
  return job.ok() ? *job : JobStatus();
}

std::string EngineStory::Log(const std::string& id) {
  std::string text;
  const absl::StatusOr<GetJobLogReply> log = engine_->GetJobLog(id, 0);
  for (const LogLine& line : log->lines()) absl::StrAppend(&text, line.text(), "\n");
  return text;
}

FakeWorker& EngineStory::Worker(const std::string& name) {
  auto [it, made] = workers_.try_emplace(name);
  if (made) {
    it->second.info.set_name(name);
    it->second.info.set_process(absl::StrCat(name, "-process-", ++processes_));
    it->second.info.set_slots(1);
  }
  return it->second;
}

void EngineStory::RestartWorker(const std::string& name) {
  const WorkerInfo info = Worker(name).info;
  workers_.erase(name);
  Worker(name).info.set_slots(info.slots());
}

SyncRequest EngineStory::Request(const std::string& name) {
  FakeWorker& worker = Worker(name);
  SyncRequest request;
  *request.mutable_worker() = worker.info;
  request.set_sequence(++worker.sequence);
  for (const AttemptReport& report : worker.have) *request.add_have() = report;
  return request;
}

SyncReply EngineStory::Send(const SyncRequest& request) {
  absl::StatusOr<SyncReply> reply = engine_->Sync(request, moment_);
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(engine_->Commit().ok());
  return reply.ok() ? *reply : SyncReply();
}

void EngineStory::Obey(const std::string& name, const SyncReply& reply) {
  FakeWorker& worker = Worker(name);
  worker.last = reply;
  for (const SyncReply::Drop& drop : reply.drop())
    for (size_t i = 0; i < worker.have.size(); ++i) {
      if (KeyOf(worker.have[i].epoch()) != KeyOf(drop.attempt().epoch())) continue;
      worker.have.erase(worker.have.begin() + static_cast<std::ptrdiff_t>(i));
      worker.assignments.erase(worker.assignments.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
  for (const Assignment& assignment : reply.add()) {
    AttemptReport& report = worker.have.emplace_back();
    *report.mutable_task() = assignment.task();
    *report.mutable_epoch() = assignment.epoch();
    worker.assignments.push_back(assignment);
  }
}

SyncReply EngineStory::Sync(const std::string& name) {
  const SyncReply reply = Send(Request(name));
  Obey(name, reply);
  return reply;
}

Assignment EngineStory::Give(const std::string& name) {
  const SyncReply reply = Sync(name);
  return reply.add().empty() ? Assignment() : reply.add(0);
}

SyncReply::Drop::Verdict EngineStory::Finish(const std::string& name, const TaskResult& result) {
  FakeWorker& worker = Worker(name);
  EXPECT_FALSE(worker.have.empty()) << name << " runs nothing";
  const EpochKey epoch = KeyOf(worker.have.at(0).epoch());
  *worker.have[0].mutable_result() = result;
  const SyncReply reply = Sync(name);
  for (const SyncReply::Drop& drop : reply.drop())
    if (KeyOf(drop.attempt().epoch()) == epoch) return drop.verdict();
  ADD_FAILURE() << name << " heard no verdict";
  return FENCED;
}

SyncReply::Drop::Verdict EngineStory::Finish(const std::string& name) {
  return Finish(name, ResultOf(Worker(name).only()));
}

SyncReply::Drop::Verdict EngineStory::Fail(const std::string& name, TaskFailure::Kind kind,
                                           const std::string& message) {
  TaskResult result;
  result.mutable_failure()->set_kind(kind);
  result.mutable_failure()->set_message(message);
  return Finish(name, result);
}

void EngineStory::Scan(const std::string& name) {
  if (Worker(name).have.empty()) Give(name);
  ASSERT_EQ(Worker(name).only().task().kind(), TASK_SCAN);
  const int32_t slots = Worker(name).info.slots();
  Worker(name).info.set_slots(1);  // so that the test decides who gets the first shard
  Worker(name).info.set_draining(true);
  ASSERT_EQ(Finish(name), ACCEPTED);
  Worker(name).info.set_draining(false);
  Worker(name).info.set_slots(slots);
}

void EngineStory::WorkOff(const std::string& name) {
  for (Sync(name); !Worker(name).have.empty();) ASSERT_EQ(Finish(name), ACCEPTED);
}

TaskResult EngineStory::ResultOf(const Assignment& assignment) {
  TaskResult result;
  switch (assignment.task().kind()) {
    case TASK_SCAN: {
      SplitPlan& split = *result.mutable_scan()->add_splits();
      split.set_split(SPLIT_TRAIN);
      split.set_rows(assignment.spec().num_shards() * kRowsPerShard);
      result.mutable_scan()->mutable_counts()->set_rows(split.rows());
      return result;
    }
    case TASK_WRITE:
      return Written(assignment, 0);
    case TASK_PUBLISH:
      result.mutable_publish()->set_files(1);
      return result;
    default:
      result.mutable_cleanup();
      return result;
  }
}

TaskResult EngineStory::Written(const Assignment& assignment, int64_t dead_letters, int64_t environmental) {
  const int64_t rows = assignment.write().end() - assignment.write().begin();
  TaskResult result;
  WriteResult& write = *result.mutable_write();
  write.mutable_counts()->set_rows(rows);
  write.mutable_counts()->set_written(rows - dead_letters);
  write.mutable_counts()->set_dead_letters(dead_letters);
  write.set_environmental(environmental);
  write.set_outcomes_hash(absl::StrCat("outcomes of ", dead_letters));
  write.mutable_shard()->set_xxh3_128(absl::StrCat("bytes of ", dead_letters));
  write.mutable_shard()->set_size(1000);
  return result;
}

}  // namespace millrace
