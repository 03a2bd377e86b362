#include "coordinator/engine/service/engine_metrics.h"

#include "coordinator/engine/service/engine_context.h"

namespace millrace {
namespace {

void AddJobs(const EngineContext& context, EngineMetrics& metrics) {
  for (const auto& [id, job] : context.durable().jobs()) {
    metrics.jobs_running += job.state() == JOB_RUNNING;
    metrics.jobs_succeeded += job.state() == JOB_SUCCEEDED;
    metrics.jobs_failed += job.state() == JOB_FAILED;
    metrics.jobs_cancelled += job.state() == JOB_CANCELLED;
    const LiveJob* live = context.live.FindJob(id);
    if (!job.running() || live == nullptr) continue;
    metrics.tasks_open += static_cast<int64_t>(live->open.size());
    metrics.tasks_delayed += static_cast<int64_t>(live->delayed.size());
    metrics.tasks_done += job.status.shards_done();
    for (const auto& [slot, task] : live->tasks) metrics.tasks_running += !task.attempts.empty();
  }
}

void AddWorkers(const EngineContext& context, Moment moment, EngineMetrics& metrics) {
  for (const auto& [name, process] : context.live.process_of) {
    const LiveWorker& worker = *context.live.FindProcess(process);
    const bool silent = moment.now - worker.last_sync > context.options.lease;
    const bool draining = worker.info.draining() || context.live.drain_wishes.contains(name);
    const bool quarantined = moment.now < worker.quarantined_until;
    ++(silent        ? metrics.workers_silent
       : quarantined ? metrics.workers_quarantined
       : draining    ? metrics.workers_draining
                     : metrics.workers_active);
    metrics.slots += silent ? 0 : worker.info.slots();
    metrics.slots_busy += static_cast<int64_t>(worker.attempts.size());
  }
}

}  // namespace

void AddGauges(const EngineContext& context, Moment moment, EngineMetrics& metrics) {
  AddJobs(context, metrics);
  AddWorkers(context, moment, metrics);
  metrics.read_only = !context.live.read_only.empty();
  metrics.incarnation = context.durable().incarnation();
}

}  // namespace millrace
