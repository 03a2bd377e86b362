#include "coordinator/engine/service/results.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "coordinator/engine/state/job_words.h"

namespace millrace {
namespace {

using Drop = SyncReply::Drop;

TaskFailure Failure(std::string message) {
  TaskFailure failure;
  failure.set_kind(TaskFailure::TASK_ERROR);
  failure.set_message(std::move(message));
  return failure;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Promise P2: every row is accounted for exactly once.
bool AddsUp(const RowCounts& counts, const WriteWork& work) {
  return counts.rows() == work.end() - work.begin() &&
         counts.rows() == counts.written() + counts.discarded() + counts.dead_letters();
}

bool Matches(TaskKind kind, const TaskResult& result) {
  switch (result.result_case()) {
    case TaskResult::kScan:
      return kind == TASK_SCAN;
    case TaskResult::kWrite:
      return kind == TASK_WRITE;
    case TaskResult::kPublish:
      return kind == TASK_PUBLISH;
    case TaskResult::kCleanup:
      return kind == TASK_CLEANUP;
    case TaskResult::kFailure:
      return true;
    default:
      return false;
  }
}

// "<the task's own words> (TRAIN shard 3 of 64, rows 120 to 239, worker w1)".
std::string JobError(const JobRecord& job, const Attempt& attempt, const std::string& message) {
  std::string where = TaskName(job, attempt.slot);
  if (attempt.slot >= 0) {
    const WriteWork& work = job.plan[static_cast<size_t>(attempt.slot)];
    absl::StrAppend(&where, ", rows ", work.begin() + 1, " to ", work.end(), " of the split");
  }
  return absl::StrCat(message, " (", where, ", worker ", attempt.worker, ")");
}

}  // namespace

Results::Verdict Results::Take(EpochKey epoch, const TaskResult& result) {
  const Attempt attempt = context_.live.RemoveAttempt(epoch);
  context_.Touch(attempt.job_id);
  Progress& ended = context_.live.Job(attempt.job_id).ended;
  AddOperators(attempt.progress.operators(), *ended.mutable_operators());
  if (!result.has_scan()) ended.set_bytes_read(ended.bytes_read() + attempt.progress.bytes_read());  // else: durable
  if (!Matches(attempt.key.kind(), result)) return Reject(attempt, "the worker answered with another kind of result");
  if (result.has_failure()) return TakeFailure(attempt, result.failure());
  if (result.has_write()) return TakeWrite(attempt, result.write());
  if (result.has_cleanup()) return TakeCleanup(attempt, result.cleanup());
  ++context_.metrics.commits_accepted;
  if (result.has_scan()) flow_.Planned(attempt, result.scan());
  if (result.has_publish()) flow_.Finish(attempt, JOB_SUCCEEDED, &result.publish());
  return Drop::ACCEPTED;
}

Results::Verdict Results::TakeWrite(const Attempt& attempt, const WriteResult& result) {
  const WriteWork& work = context_.Job(attempt.job_id)->plan[static_cast<size_t>(attempt.slot)];
  if (!AddsUp(result.counts(), work))
    return Reject(attempt, absl::StrCat("the worker's counts do not add up: ", result.counts().rows(), " rows, ",
                                        result.counts().written(), " written, ", result.counts().discarded(),
                                        " discarded, ", result.counts().dead_letters(),
                                        " dead letters, for a shard of ", work.end() - work.begin(), " rows"));
  const bool suspicious = Suspicious(result);
  if (suspicious && NeedsSecondOpinion(attempt)) {
    ++context_.metrics.commits_refused;
    std::vector<std::string>& refused_by = context_.live.Task(attempt).refused_by;
    if (!Contains(refused_by, attempt.worker)) refused_by.push_back(attempt.worker);
    context_.Note(attempt.job_id, "warning",
                  absl::StrCat(TaskName(*context_.Job(attempt.job_id), attempt.slot), ": ", result.environmental(),
                               " of ", result.counts().rows(), " rows could not be read on ", attempt.worker,
                               "; another worker is asked"));
    Reopen(attempt);
    return Drop::REFUSED;
  }
  Win(attempt, result, suspicious);
  return Drop::ACCEPTED;
}

bool Results::Suspicious(const WriteResult& result) const {
  const double rows = static_cast<double>(result.counts().rows());
  if (result.environmental() > 0 && result.environmental() == result.counts().rows()) return true;
  return result.environmental() > context_.options.suspicious_rows &&
         static_cast<double>(result.environmental()) > context_.options.suspicious_fraction * rows;
}

// No: another worker has said the same, or there is no other worker to ask.
bool Results::NeedsSecondOpinion(const Attempt& attempt) const {
  const JobRecord& job = *context_.Job(attempt.job_id);
  for (const std::string& other : context_.live.Task(attempt).refused_by)
    if (other != attempt.worker) return false;
  std::vector<std::string> tried = context_.Scheduling().TriedInVain(job, attempt.slot);
  tried.push_back(attempt.worker);
  return context_.Scheduling().OthersCould(job, tried);
}

void Results::Win(const Attempt& attempt, const WriteResult& result, bool suspicious) {
  ++context_.metrics.commits_accepted;
  Update update;
  ShardWon& row = *update.mutable_shard_won();
  *row.mutable_task() = attempt.key;
  *row.mutable_epoch() = EpochOf(attempt.epoch);
  row.set_worker(attempt.worker);
  *row.mutable_result() = result;
  context_.Stage(std::move(update));
  LiveJob& job = context_.live.Job(attempt.job_id);
  job.durations.push_back(context_.moment.now - attempt.started);
  if (!suspicious) Blame(attempt);
  const std::vector<EpochKey> losers = context_.live.Task(attempt).attempts;
  for (const EpochKey& loser : losers) context_.Fence(loser);
  job.open.erase(attempt.slot);
  job.tasks.erase(attempt.slot);
  flow_.Advance(attempt.job_id);
}

// The rows that others could not read were readable: whoever refused them is to blame.
void Results::Blame(const Attempt& attempt) {
  for (const std::string& name : context_.live.Task(attempt).refused_by) {
    LiveWorker* worker = context_.live.FindWorker(name);
    if (name == attempt.worker || worker == nullptr) continue;
    if (++worker->offences < context_.options.offences_until_quarantine) continue;
    worker->quarantined_until = context_.moment.now + context_.options.quarantine;
    ++context_.metrics.quarantines;
    context_.Note(attempt.job_id, "error",
                  absl::StrCat("worker ", name, " is quarantined: ", attempt.worker,
                               " could read the files that it could not; look at its mounts"));
  }
}

// The claim, and all that comes after it, is where a worker saw it that was given the scan; a scan that moved to a
// machine with another disk has left one there too. So every such worker that can be asked has to look, and one of all
// workers must have found what there was, or all of them nothing.
Results::Verdict Results::TakeCleanup(const Attempt& attempt, const CleanupResult& result) {
  ++context_.metrics.commits_accepted;
  if (result.complete()) {
    flow_.PublishAfterAll(attempt.job_id);
    return Drop::ACCEPTED;
  }
  const JobRecord& job = *context_.Job(attempt.job_id);
  LiveTask& task = context_.live.Task(attempt);
  if (!Contains(task.refused_by, attempt.worker)) task.refused_by.push_back(attempt.worker);
  task.cleaned |= !result.found_nothing();
  const std::vector<std::string> missing = context_.Scheduling().ClaimantsToLook(job);
  if (missing.empty() || (task.cleaned && !context_.Scheduling().AnyCould(job, missing)))
    flow_.Finish(attempt, JOB_CANCELLED, nullptr);
  else if (task.cleaned || context_.Scheduling().OthersCould(job, context_.Scheduling().TriedInVain(job, attempt.slot)))
    Reopen(attempt);
  else
    NobodyToAsk(attempt, missing);
  return Drop::ACCEPTED;
}

void Results::NobodyToAsk(const Attempt& attempt, const std::vector<std::string>& missing) {
  const std::string output = JsonEscape(context_.Job(attempt.job_id)->spec().output());
  CountFailure(attempt,
               Failure(absl::StrCat("nothing of the job is to be seen at ", output, " on ", attempt.worker,
                                    ", and worker ", missing[0], ", which began it, perhaps on another disk, ",
                                    "cannot be asked; cancel again when it is back")),
               4);
}

Results::Verdict Results::Reject(const Attempt& attempt, std::string message) {
  return TakeFailure(attempt, Failure(std::move(message)));
}

Results::Verdict Results::TakeFailure(const Attempt& attempt, const TaskFailure& failure) {
  ++context_.metrics.commits_refused;
  switch (failure.kind()) {
    case TaskFailure::HANDED_BACK:
      context_.Note(attempt.job_id, "info",
                    absl::StrCat(TaskName(*context_.Job(attempt.job_id), attempt.slot), " handed back by ",
                                 attempt.worker, ", which drains"));
      Reopen(attempt);
      return Drop::REFUSED;
    case TaskFailure::WRONG_MACHINE:
      return WrongMachine(attempt, failure);
    default:
      CountFailure(attempt, failure);
      return Drop::REFUSED;
  }
}

Results::Verdict Results::WrongMachine(const Attempt& attempt, const TaskFailure& failure) {
  const JobRecord& job = *context_.Job(attempt.job_id);
  if (context_.Scheduling().OthersCould(job, {attempt.worker})) {
    context_.live.Job(attempt.job_id).excluded.insert(attempt.worker);
    context_.Note(attempt.job_id, "warning",
                  absl::StrCat("worker ", attempt.worker, " cannot work for this job: ", failure.message()));
    Reopen(attempt);
  } else {
    CountFailure(attempt, failure, 4);
  }
  return Drop::REFUSED;
}

void Results::CountFailure(const Attempt& attempt, const TaskFailure& failure, double delay_factor) {
  ++context_.metrics.failures_counted;
  Update update;
  TaskFailed& row = *update.mutable_task_failed();
  *row.mutable_task() = attempt.key;
  *row.mutable_epoch() = EpochOf(attempt.epoch);
  row.set_worker(attempt.worker);
  *row.mutable_failure() = failure;
  context_.Stage(std::move(update));
  const JobRecord& job = *context_.Job(attempt.job_id);
  const int failures = job.Task(attempt.slot) == nullptr ? 1 : job.Task(attempt.slot)->failures;
  if (failure.kind() == TaskFailure::PERMANENT || failures >= context_.options.max_attempts)
    return flow_.Fail(attempt.job_id, JobError(job, attempt, failure.message()));
  Reopen(attempt, context_.options.retry_backoff * delay_factor * (1 << std::min(failures - 1, 10)));
}

void Results::Lose(EpochKey epoch, Loss loss) {
  const Attempt attempt = context_.live.RemoveAttempt(epoch);
  context_.Touch(attempt.job_id);
  ++(loss == Loss::kExpired ? context_.metrics.leases_expired : context_.metrics.leases_lost);
  if (context_.options.faults.forget_retry && loss != Loss::kAssignment) return;
  if (loss == Loss::kAssignment) return Reopen(attempt);
  const int losses = ++context_.live.Task(attempt).losses;
  const std::string words = absl::StrCat("worker ", attempt.worker, " ",
                                         loss == Loss::kExpired ? "was silent past its lease" : "died or restarted",
                                         " while it ran ", TaskName(*context_.Job(attempt.job_id), attempt.slot));
  if (losses > context_.options.free_losses) {
    CountFailure(attempt, Failure(absl::StrCat(words, "; workers were lost with it ", losses, " times")));
  } else {
    context_.Note(attempt.job_id, "warning", absl::StrCat(words, "; it is leased again"));
    Reopen(attempt);
  }
}

void Results::Reopen(const Attempt& attempt, absl::Duration delay) {
  const JobRecord* job = context_.Job(attempt.job_id);
  const bool current = job != nullptr && job->running() && job->generation == attempt.key.generation();
  if (!current || !context_.live.Task(attempt).attempts.empty()) return;  // its other copy goes on
  context_.Open(attempt.job_id, attempt.slot, delay);
}

bool Results::AlreadyWon(const AttemptReport& report) const {
  const JobRecord* job = context_.Job(report.task().job_id());
  if (job == nullptr) return false;
  const EpochKey epoch = KeyOf(report.epoch());
  if (report.task().kind() == TASK_SCAN) return job->scan_epoch == epoch;
  if (report.task().kind() != TASK_WRITE) return job->end_epoch == epoch;
  if (report.task().index() >= job->tasks.size()) return false;
  const std::optional<Winner>& winner = job->tasks[report.task().index()].winner;
  return winner && winner->epoch == epoch;
}

bool Results::AlreadyFailed(const AttemptReport& report) const {
  const JobRecord* job = context_.Job(report.task().job_id());
  if (job == nullptr || report.task().generation() != job->generation) return false;
  const TaskSlot slot = report.task().kind() == TASK_WRITE ? TaskSlot{report.task().index()} : kStageTask;
  const TaskRecord* task = job->Task(slot);
  return task != nullptr &&
         std::find(task->failed.begin(), task->failed.end(), KeyOf(report.epoch())) != task->failed.end();
}

Results::Verdict Results::Late(const AttemptReport& report) {
  if (AlreadyWon(report)) {
    ++context_.metrics.commits_duplicate;
    return Drop::ACCEPTED;
  }
  if (AlreadyFailed(report)) return Drop::REFUSED;
  if (context_.options.faults.no_fence && TakeUnfenced(report)) return Drop::ACCEPTED;
  if (report.has_result()) {
    ++context_.metrics.commits_fenced;
    CompareWithWinner(report);
  }
  return Drop::FENCED;
}

// The planted bug `no_fence`.
bool Results::TakeUnfenced(const AttemptReport& report) {
  const JobRecord* job = context_.Job(report.task().job_id());
  if (job == nullptr || !job->running() || !report.result().has_write()) return false;
  if (job->Task(report.task().index()) == nullptr) return false;
  Update update;
  ShardWon& row = *update.mutable_shard_won();
  *row.mutable_task() = report.task();
  *row.mutable_epoch() = report.epoch();
  *row.mutable_result() = report.result().write();
  context_.Stage(std::move(update));
  context_.live.Job(job->id()).open.erase(report.task().index());
  flow_.Advance(report.task().job_id());
  return true;
}

// Shard bytes are a function of (plan, outcomes): the same outcomes and other bytes are a bug of ours, and loud.
void Results::CompareWithWinner(const AttemptReport& report) {
  const JobRecord* job = context_.Job(report.task().job_id());
  if (job == nullptr || !job->running() || !report.result().has_write()) return;
  if (report.task().generation() != job->generation || report.task().index() >= job->tasks.size()) return;
  const std::optional<Winner>& winner = job->tasks[report.task().index()].winner;
  const WriteResult& late = report.result().write();
  if (!winner || winner->result.outcomes_hash() != late.outcomes_hash()) return;
  if (winner->result.shard().xxh3_128() == late.shard().xxh3_128()) return;
  const std::string words =
      absl::StrCat("internal error: ", ShardName(job->plan[report.task().index()]), " was written twice from the same ",
                   "rows with different bytes (workers ", winner->worker, " and the one that answered later). ",
                   "This is a bug of Millrace or broken memory; please report it with both workers' versions");
  if (job->stage() != STAGE_WRITE) return context_.Note(job->id(), "error", words);
  Update update;
  TaskFailed& row = *update.mutable_task_failed();
  *row.mutable_task() = report.task();
  *row.mutable_epoch() = report.epoch();
  row.mutable_failure()->set_kind(TaskFailure::PERMANENT);
  row.mutable_failure()->set_message(words);
  context_.Stage(std::move(update));
  flow_.Fail(job->id(), words);
}

}  // namespace millrace
