#include "coordinator/engine/service/job_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/engine/service/engine_context.h"
#include "coordinator/engine/state/job_words.h"

namespace millrace {
namespace {

// Rows of running attempts count as if they had won; publish and cleanup move no rows.
void AddProgress(const Progress& progress, JobStatus& status) {
  RowCounts& counts = *status.mutable_counts();
  counts.set_rows(counts.rows() + progress.counts().rows());
  counts.set_written(counts.written() + progress.counts().written());
  counts.set_discarded(counts.discarded() + progress.counts().discarded());
  counts.set_dead_letters(counts.dead_letters() + progress.counts().dead_letters());
  status.set_bytes_written(status.bytes_written() + progress.bytes_written());
}

void AddAttempt(const JobRecord& job, const Attempt& attempt, Moment moment, JobStatus& status) {
  AttemptStatus& shown = *status.add_attempts();
  shown.set_task(TaskName(job, attempt.slot));
  shown.set_worker(attempt.worker);
  shown.set_rows_done(attempt.progress.counts().rows());
  shown.set_rows_total(attempt.progress.rows_total());
  shown.set_running_ms(absl::ToInt64Milliseconds(moment.now - attempt.started));
  status.set_bytes_read(status.bytes_read() + attempt.progress.bytes_read());
  AddOperators(attempt.progress.operators(), *status.mutable_operators());
}

PublishWork PublishWorkOf(const JobRecord& job) {
  PublishWork work;
  if (job.scan) *work.mutable_scan() = *job.scan;
  for (size_t i = 0; i < job.plan.size(); ++i) {
    PublishWork::Shard& shard = *work.add_shards();
    *shard.mutable_work() = job.plan[i];
    if (job.tasks[i].winner) *shard.mutable_result() = job.tasks[i].winner->result;
  }
  return work;
}

}  // namespace

uint64_t VersionOf(const LiveJob* job, uint64_t incarnation) {
  return (incarnation << 32) + (job == nullptr ? 1 : job->changes);
}

JobStatus StatusOf(const JobRecord& job, const LiveState& live, uint64_t incarnation, Moment moment) {
  JobStatus status = job.status;
  const LiveJob* live_job = live.FindJob(job.id());
  status.set_version(VersionOf(live_job, incarnation));
  const int64_t end = job.running() ? moment.unix_ms : status.finished_unix_ms();
  status.set_elapsed_ms(std::max<int64_t>(0, end - status.submitted_unix_ms()));
  if (live_job == nullptr) return status;
  status.set_bytes_read(status.bytes_read() + live_job->ended.bytes_read());
  AddOperators(live_job->ended.operators(), *status.mutable_operators());
  for (const auto& [slot, task] : live_job->tasks) {
    const Progress* farthest = nullptr;
    for (const EpochKey& epoch : task.attempts) {
      const Attempt& attempt = *live.FindAttempt(epoch);
      AddAttempt(job, attempt, moment, status);
      if (farthest == nullptr || attempt.progress.counts().rows() > farthest->counts().rows())
        farthest = &attempt.progress;
    }
    const bool moves_rows = slot != kStageTask || job.stage() == STAGE_SCAN;
    if (farthest != nullptr && moves_rows) AddProgress(*farthest, status);
  }
  return status;
}

GetJobLogReply LogOf(const JobRecord& job, int64_t after) {
  GetJobLogReply reply;
  const int64_t end = job.log_first + static_cast<int64_t>(job.log.size());
  for (int64_t at = std::clamp(after, job.log_first, end); at < end; ++at)
    *reply.add_lines() = job.log[static_cast<size_t>(at - job.log_first)];
  reply.set_next(end);
  reply.set_ended(!job.running());
  return reply;
}

WorkerStatus StatusOf(const LiveWorker& worker, const LiveState& live, const EngineOptions& options, Moment moment) {
  WorkerStatus status;
  const WorkerInfo& info = worker.info;
  status.set_name(info.name());
  status.set_address(info.http_address());
  status.set_version(info.version());
  status.set_slots(info.slots());
  status.set_busy(static_cast<int32_t>(worker.attempts.size()));
  status.set_draining(info.draining() || live.drain_wishes.contains(info.name()));
  if (moment.now < worker.quarantined_until)
    status.set_quarantined(absl::StrCat("other workers could read files that it could not; until it restarts or for ",
                                        absl::ToInt64Seconds(worker.quarantined_until - moment.now), " s"));
  status.set_last_sync_ms(absl::ToInt64Milliseconds(moment.now - worker.last_sync));
  status.set_memory_budget_bytes(info.memory_budget_bytes());
  status.set_free_disk_bytes(info.free_disk_bytes());
  status.set_encoding_version(info.encoding_version());
  status.set_silent(moment.now - worker.last_sync > options.lease);
  return status;
}

Assignment AssignmentOf(const JobRecord& job, const Attempt& attempt) {
  Assignment assignment;
  *assignment.mutable_task() = attempt.key;
  *assignment.mutable_epoch() = EpochOf(attempt.epoch);
  assignment.set_nonce(job.nonce);
  *assignment.mutable_spec() = job.spec();
  switch (attempt.key.kind()) {
    case TASK_SCAN:
      assignment.set_scan(true);
      break;
    case TASK_WRITE:
      *assignment.mutable_write() = job.plan[static_cast<size_t>(attempt.slot)];
      break;
    case TASK_PUBLISH:
      *assignment.mutable_publish() = PublishWorkOf(job);
      break;
    default:
      assignment.mutable_cleanup()->set_unpublish(job.unpublishing);
      if (job.scan) assignment.mutable_cleanup()->set_scan_dir(job.scan->scan_dir());
      if (!job.unpublishing) break;
      for (const TaskRecord& task : job.tasks) {
        if (!task.winner) continue;
        *assignment.mutable_cleanup()->add_shards() = task.winner->result.shard();
        if (task.winner->result.has_index()) *assignment.mutable_cleanup()->add_shards() = task.winner->result.index();
      }
  }
  return assignment;
}

}  // namespace millrace
