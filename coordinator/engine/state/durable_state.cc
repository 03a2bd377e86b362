#include "coordinator/engine/state/durable_state.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/engine/state/job_words.h"
#include "coordinator/engine/state/planner.h"

namespace millrace {
namespace {

TaskSlot SlotOf(const TaskKey& key) { return key.kind() == TASK_WRITE ? TaskSlot{key.index()} : kStageTask; }

TaskKind KindOfStage(Stage stage) {
  switch (stage) {
    case STAGE_SCAN:
      return TASK_SCAN;
    case STAGE_CLEANUP:
      return TASK_CLEANUP;
    default:
      return TASK_PUBLISH;
  }
}

void AddLog(JobRecord& job, int64_t unix_ms, absl::string_view level, std::string text) {
  LogLine& line = job.log.emplace_back();
  line.set_unix_ms(unix_ms);
  line.set_level(std::string(level));
  line.set_text(std::move(text));
  if (job.log.size() <= DurableState::kLogLines) return;
  job.log.pop_front();
  ++job.log_first;
}

void AddReasons(const google::protobuf::RepeatedPtrField<ReasonCount>& reasons, JobStatus& status) {
  for (const ReasonCount& reason : reasons) {
    auto* all = status.mutable_reasons();
    auto it = std::find_if(all->begin(), all->end(), [&](const auto& r) { return r.reason() == reason.reason(); });
    ReasonCount* sum = it == all->end() ? all->Add() : &*it;
    sum->set_reason(reason.reason());
    sum->set_rows(sum->rows() + reason.rows());
  }
}

void AddBadRows(const google::protobuf::RepeatedPtrField<BadRow>& rows, absl::string_view worker, JobStatus& status) {
  for (const BadRow& row : rows) {
    if (status.first_bad_rows_size() == DurableState::kFirstBadRows) return;
    BadRow& added = *status.add_first_bad_rows();
    added = row;
    added.set_worker(std::string(worker));
  }
}

// Counts of rows that are accounted for: those that scan put aside, and those of shards with a winner.
void AddScan(const ScanResult& scan, absl::string_view worker, JobStatus& status) {
  RowCounts& counts = *status.mutable_counts();
  counts.set_rows(scan.counts().discarded() + scan.counts().dead_letters());
  counts.set_discarded(scan.counts().discarded());
  counts.set_dead_letters(scan.counts().dead_letters());
  status.set_rows_total(scan.counts().rows());
  status.set_bytes_read(scan.bytes_read());
  *status.mutable_warnings() = scan.warnings();
  AddReasons(scan.reasons(), status);
  AddBadRows(scan.first_bad_rows(), worker, status);
}

void AddWinner(const WriteResult& result, absl::string_view worker, JobStatus& status) {
  RowCounts& counts = *status.mutable_counts();
  counts.set_rows(counts.rows() + result.counts().rows());
  counts.set_written(counts.written() + result.counts().written());
  counts.set_discarded(counts.discarded() + result.counts().discarded());
  counts.set_dead_letters(counts.dead_letters() + result.counts().dead_letters());
  status.set_shards_done(status.shards_done() + 1);
  status.set_bytes_written(status.bytes_written() + result.shard().size());
  AddReasons(result.reasons(), status);
  AddBadRows(result.first_bad_rows(), worker, status);
}

// All sums of the status again, from scan and winners.
void Recount(JobRecord& job) {
  JobStatus& status = job.status;
  status.clear_counts();
  status.clear_reasons();
  status.clear_first_bad_rows();
  status.clear_warnings();
  status.set_rows_total(0);
  status.set_bytes_read(0);
  status.set_bytes_written(0);
  status.set_shards_done(0);
  status.set_shards_total(static_cast<int32_t>(job.plan.size()));
  if (job.scan) AddScan(*job.scan, job.scan_worker, status);
  for (const TaskRecord& task : job.tasks)
    if (task.winner) AddWinner(task.winner->result, task.winner->worker, status);
}

void DropWork(JobRecord& job) {
  job.scan.reset();
  job.scan_epoch = {0, 0};
  job.scan_worker.clear();
  job.plan = {};
  job.tasks = {};
  job.stage_task = {};
  job.unpublishing = false;
}

void StartOver(JobRecord& job) {
  DropWork(job);
  job.status.set_stage(STAGE_SCAN);
  job.result.reset();
  job.end_epoch = {0, 0};
  Recount(job);
}

// What a retry of a job that failed while writing does again: everything that is not a winner without dead letters.
void ReopenWrites(JobRecord& job) {
  for (TaskRecord& task : job.tasks) {
    const bool keep = task.winner && !task.doubtful && task.winner->result.counts().dead_letters() == 0;
    std::optional<Winner> winner = keep ? std::move(task.winner) : std::nullopt;
    task = {};
    task.winner = std::move(winner);
  }
  Recount(job);
}

}  // namespace

TaskKey JobRecord::KeyOfTask(TaskSlot slot) const {
  TaskKey key;
  key.set_job_id(id());
  key.set_kind(slot >= 0 ? TASK_WRITE : KindOfStage(stage()));
  key.set_index(slot >= 0 ? static_cast<uint32_t>(slot) : 0);
  key.set_generation(generation);
  return key;
}

const TaskRecord* JobRecord::Task(TaskSlot slot) const {
  if (slot == kStageTask) return stage() == STAGE_WRITE || stage() == STAGE_DONE ? nullptr : &stage_task;
  if (stage() != STAGE_WRITE || slot < 0 || slot >= static_cast<TaskSlot>(tasks.size())) return nullptr;
  return &tasks[static_cast<size_t>(slot)];
}

void DurableState::Apply(const Update& update) {
  const int64_t ms = update.unix_ms();
  switch (update.update_case()) {
    case Update::kCoordinatorStarted:
      return On(update.coordinator_started(), ms);
    case Update::kJobSubmitted:
      return On(update.job_submitted(), ms);
    case Update::kJobPlanned:
      return On(update.job_planned(), ms);
    case Update::kTaskFailed:
      return On(update.task_failed(), ms);
    case Update::kShardWon:
      return On(update.shard_won(), ms);
    case Update::kJobPublishing:
      return On(update.job_publishing(), ms);
    case Update::kJobFinished:
      return On(update.job_finished(), ms);
    case Update::kCancelRequested:
      return On(update.cancel_requested(), ms);
    case Update::kJobRetried:
      return On(update.job_retried(), ms);
    case Update::kJobArchived:
      return On(update.job_archived(), ms);
    case Update::kScanLeased:
      return On(update.scan_leased(), ms);
    case Update::kJobNoted:
      return On(update.job_noted(), ms);
    case Update::UPDATE_NOT_SET:
      return;
  }
}

void DurableState::On(const CoordinatorStarted& row, int64_t unix_ms) {
  incarnation_ = std::max(incarnation_, row.incarnation());
  for (const auto& [submitted, id] : running_)
    AddLog(*FindMutable(id), unix_ms, "info",
           absl::StrCat("the coordinator restarted (incarnation ", incarnation_, ")"));
}

void DurableState::On(const JobSubmitted& row, int64_t unix_ms) {
  auto [it, created] = jobs_.try_emplace(row.job_id());
  if (!created) return;
  JobRecord& job = it->second;
  job.status.set_job_id(row.job_id());
  *job.status.mutable_spec() = row.spec();
  job.status.set_submitted_unix_ms(unix_ms);
  job.nonce = row.nonce();
  SetState(job, JOB_RUNNING);
  AddLog(job, unix_ms, "info", SubmittedWords(job));
}

void DurableState::On(const JobPlanned& row, int64_t unix_ms) {
  JobRecord* job = FindMutable(row.job_id());
  if (job == nullptr) return;
  job->scan = row.scan();
  job->scan_epoch = KeyOf(row.epoch());
  job->scan_worker = row.worker();
  job->claimants.insert(row.worker());
  job->plan.assign(row.tasks().begin(), row.tasks().end());
  job->tasks.assign(job->plan.size(), {});
  job->stage_task = {};
  job->status.set_stage(STAGE_WRITE);
  Recount(*job);
  AddLog(*job, unix_ms, "info", PlannedWords(*job));
}

void DurableState::On(const TaskFailed& row, int64_t unix_ms) {
  JobRecord* job = FindMutable(row.task().job_id());
  if (job == nullptr || row.task().generation() != job->generation) return;
  const TaskSlot slot = SlotOf(row.task());
  TaskRecord* task = job->Task(slot);
  if (task == nullptr) return;
  ++task->failures;
  task->failed.push_back(KeyOf(row.epoch()));
  if (std::find(task->failed_on.begin(), task->failed_on.end(), row.worker()) == task->failed_on.end())
    task->failed_on.push_back(row.worker());
  if (task->winner) task->doubtful = true;
  job->status.set_failures(job->status.failures() + 1);
  AddLog(*job, unix_ms, "warning", FailedWords(*job, slot, row));
}

void DurableState::On(const ShardWon& row, int64_t unix_ms) {
  JobRecord* job = FindMutable(row.task().job_id());
  if (job == nullptr || row.task().index() >= job->tasks.size()) return;
  TaskRecord& task = job->tasks[row.task().index()];
  const bool replaced = task.winner.has_value();
  task.winner = Winner{KeyOf(row.epoch()), row.worker(), row.result()};
  if (replaced)
    Recount(*job);
  else
    AddWinner(row.result(), row.worker(), job->status);
  AddLog(*job, unix_ms, "info", WonWords(*job, row));
}

void DurableState::On(const JobPublishing& row, int64_t unix_ms) {
  JobRecord* job = FindMutable(row.job_id());
  if (job == nullptr) return;
  job->status.set_stage(STAGE_PUBLISH);
  job->status.set_cancelling(false);
  job->unpublishing = false;
  job->stage_task = {};
  AddLog(*job, unix_ms, "info", "every shard is written: publishing");
}

void DurableState::On(const JobFinished& row, int64_t unix_ms) {
  JobRecord* job = FindMutable(row.job_id());
  if (job == nullptr) return;
  SetState(*job, row.state());
  job->status.set_error(row.error());
  job->status.set_finished_unix_ms(unix_ms);
  job->status.set_cancelling(false);
  job->end_epoch = KeyOf(row.epoch());
  if (row.has_result()) job->result = row.result();
  if (row.state() != JOB_FAILED) {
    job->status.set_stage(STAGE_DONE);
    DropWork(*job);
    job->claimants.clear();
  }
  AddLog(*job, unix_ms, row.state() == JOB_FAILED ? "error" : "info", FinishedWords(*job));
}

void DurableState::On(const CancelRequested& row, int64_t unix_ms) {
  JobRecord* job = FindMutable(row.job_id());
  if (job == nullptr) return;
  SetState(*job, JOB_RUNNING);
  if (job->stage() == STAGE_PUBLISH) job->unpublishing = true;
  job->status.set_stage(STAGE_CLEANUP);
  job->status.set_cancelling(true);
  job->status.set_finished_unix_ms(0);
  job->stage_task = {};
  ++job->generation;
  AddLog(*job, unix_ms, "info", "cancelling: staged files and the claim are being removed");
}

void DurableState::On(const JobRetried& row, int64_t unix_ms) {
  JobRecord* job = FindMutable(row.job_id());
  if (job == nullptr) return;
  if (!row.nonce().empty()) {
    job->nonce = row.nonce();
    job->claimants.clear();
  }
  ++job->generation;
  job->stage_task = {};
  job->status.clear_error();
  job->status.set_failures(0);
  job->status.set_finished_unix_ms(0);
  const bool scan_failed_it =
      job->scan && TooManyBadRows(job->spec(), job->scan->counts().dead_letters(), job->scan->counts().rows());
  if (job->state() == JOB_CANCELLED || job->stage() == STAGE_SCAN || (job->stage() == STAGE_WRITE && scan_failed_it))
    StartOver(*job);
  else if (job->stage() == STAGE_WRITE)
    ReopenWrites(*job);
  job->status.set_cancelling(job->stage() == STAGE_CLEANUP);
  SetState(*job, JOB_RUNNING);
  AddLog(*job, unix_ms, "info",
         absl::StrCat("retried: ", job->status.shards_done(), " of ", job->status.shards_total(), " shards are kept"));
}

void DurableState::On(const JobArchived& row, int64_t) {
  JobRecord& job = jobs_[row.status().job_id()];
  job = {};
  job.status = row.status();
  job.nonce = row.nonce();
  job.generation = row.generation();
  job.end_epoch = KeyOf(row.epoch());
  if (row.has_result()) job.result = row.result();
  job.log.assign(row.log().begin(), row.log().end());
  job.log_first = row.log_first();
  SetState(job, row.status().state());
}

void DurableState::On(const ScanLeased& row, int64_t) {
  if (JobRecord* job = FindMutable(row.job_id())) job->claimants.insert(row.worker());
}

void DurableState::On(const JobNoted& row, int64_t unix_ms) {
  if (JobRecord* job = FindMutable(row.job_id())) AddLog(*job, unix_ms, row.level(), row.text());
}

Update DurableState::ArchiveOf(const JobRecord& job, int64_t unix_ms) {
  Update update;
  update.set_unix_ms(unix_ms);
  JobArchived& row = *update.mutable_job_archived();
  *row.mutable_status() = job.status;
  row.set_nonce(job.nonce);
  row.set_generation(job.generation);
  row.mutable_epoch()->set_incarnation(job.end_epoch.first);
  row.mutable_epoch()->set_sequence(job.end_epoch.second);
  if (job.result) *row.mutable_result() = *job.result;
  for (const LogLine& line : job.log) *row.add_log() = line;
  row.set_log_first(job.log_first);
  return update;
}

const JobRecord* DurableState::Find(absl::string_view job_id) const {
  auto it = jobs_.find(job_id);
  return it == jobs_.end() ? nullptr : &it->second;
}

JobRecord* DurableState::FindMutable(absl::string_view job_id) {
  auto it = jobs_.find(job_id);
  return it == jobs_.end() ? nullptr : &it->second;
}

void DurableState::SetState(JobRecord& job, JobState state) {
  job.status.set_state(state);
  const std::pair<int64_t, std::string> key(job.status.submitted_unix_ms(), job.id());
  if (state == JOB_RUNNING)
    running_.insert(key);
  else
    running_.erase(key);
}

std::string DurableState::DebugString() const {
  std::string out = absl::StrCat("incarnation ", incarnation_, ", ", running_.size(), " running\n");
  for (const auto& [id, job] : jobs_) {
    absl::StrAppend(&out, ArchiveOf(job, 0).DebugString(), "scan ", job.scan ? job.scan->DebugString() : "none", "\n",
                    "claimants ", absl::StrJoin(job.claimants, " "), job.unpublishing ? " unpublishing" : "", "\n");
    auto add_task = [&out](const TaskRecord& task) {
      absl::StrAppend(&out, "  failures ", task.failures, task.doubtful ? " doubtful" : "");
      for (const std::string& worker : task.failed_on) absl::StrAppend(&out, " ", worker);
      for (const EpochKey& epoch : task.failed) absl::StrAppend(&out, " ", epoch.first, "-", epoch.second);
      if (task.winner)
        absl::StrAppend(&out, " won by ", task.winner->worker, " ", task.winner->epoch.first, "-",
                        task.winner->epoch.second, " ", task.winner->result.ShortDebugString());
      out += '\n';
    };
    add_task(job.stage_task);
    for (size_t i = 0; i < job.tasks.size(); ++i) {
      absl::StrAppend(&out, job.plan[i].ShortDebugString());
      add_task(job.tasks[i]);
    }
  }
  return out;
}

}  // namespace millrace
