#include "coordinator/api/coordinator_metrics.h"

#include "coordinator/engine/service/engine_service.h"

namespace millrace {
namespace {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

}  // namespace

std::vector<MetricFamily> CoordinatorFamilies() {
  return {
      {kGauge,
       "millrace_jobs",
       "Jobs that the journal knows, by state.",
       "state",
       {"running", "succeeded", "failed", "cancelled"}},
      {kGauge,
       "millrace_tasks",
       "Tasks of unfinished jobs, by state; delayed ones wait for their next try.",
       "state",
       {"open", "running", "delayed", "done"}},
      {kGauge,
       "millrace_workers",
       "Workers by state; silent ones have missed their lease.",
       "state",
       {"active", "draining", "quarantined", "silent"}},
      {kGauge, "millrace_slots", "Attempts that all workers may run at once."},
      {kGauge, "millrace_slots_busy", "Attempts that all workers run now."},
      {kCounter,
       "millrace_commits_total",
       "Results that workers reported, by the engine's verdict.",
       "result",
       {"accepted", "duplicate", "fenced", "refused"}},
      {kCounter,
       "millrace_leases_total",
       "Leases by what happened to them.",
       "event",
       {"granted", "adopted", "expired", "lost"}},
      {kCounter, "millrace_straggler_copies_total",
       "Second attempts given because the first was much slower than others."},
      {kCounter, "millrace_task_failures_total", "Failed attempts that count against their task's four."},
      {kCounter, "millrace_quarantines_total", "Times a worker was kept from new work because rows failed only there."},
      {kCounter,
       "millrace_syncs_total",
       "Calls of workers, by how they were answered.",
       "result",
       {"answered", "superseded"}},
      {kCounter, "millrace_sync_seconds_total",
       "Time spent on workers' calls, without waiting and without the journal."},
      {kGauge, "millrace_syncs_parked", "Workers' calls that wait for news."},
      {kCounter, "millrace_journal_rows_total", "Rows appended to the journal."},
      {kCounter, "millrace_journal_commits_total", "Times the journal was made durable; several rows share one."},
      {kCounter, "millrace_journal_seconds_total", "Time spent making the journal durable."},
      {kGauge, "millrace_coordinator_read_only",
       "1 while less than 1 % of the disk of --data-dir is free: no job is accepted, nothing is leased."},
      {kGauge, "millrace_coordinator_incarnation", "Grows by one with each start of the coordinator on this journal."},
  };
}

std::vector<MetricSample> SamplesOf(const EngineMetrics& engine) {
  const auto number = [](auto value) { return static_cast<double>(value); };
  return {
      {"millrace_jobs", "running", number(engine.jobs_running)},
      {"millrace_jobs", "succeeded", number(engine.jobs_succeeded)},
      {"millrace_jobs", "failed", number(engine.jobs_failed)},
      {"millrace_jobs", "cancelled", number(engine.jobs_cancelled)},
      {"millrace_tasks", "open", number(engine.tasks_open)},
      {"millrace_tasks", "running", number(engine.tasks_running)},
      {"millrace_tasks", "delayed", number(engine.tasks_delayed)},
      {"millrace_tasks", "done", number(engine.tasks_done)},
      {"millrace_workers", "active", number(engine.workers_active)},
      {"millrace_workers", "draining", number(engine.workers_draining)},
      {"millrace_workers", "quarantined", number(engine.workers_quarantined)},
      {"millrace_workers", "silent", number(engine.workers_silent)},
      {"millrace_slots", "", number(engine.slots)},
      {"millrace_slots_busy", "", number(engine.slots_busy)},
      {"millrace_commits_total", "accepted", number(engine.commits_accepted)},
      {"millrace_commits_total", "duplicate", number(engine.commits_duplicate)},
      {"millrace_commits_total", "fenced", number(engine.commits_fenced)},
      {"millrace_commits_total", "refused", number(engine.commits_refused)},
      {"millrace_leases_total", "granted", number(engine.leases_granted)},
      {"millrace_leases_total", "adopted", number(engine.leases_adopted)},
      {"millrace_leases_total", "expired", number(engine.leases_expired)},
      {"millrace_leases_total", "lost", number(engine.leases_lost)},
      {"millrace_straggler_copies_total", "", number(engine.straggler_copies)},
      {"millrace_task_failures_total", "", number(engine.failures_counted)},
      {"millrace_quarantines_total", "", number(engine.quarantines)},
      {"millrace_syncs_total", "answered", number(engine.syncs - engine.syncs_superseded)},
      {"millrace_syncs_total", "superseded", number(engine.syncs_superseded)},
      {"millrace_sync_seconds_total", "", engine.sync_seconds},
      {"millrace_syncs_parked", "", number(engine.syncs_parked)},
      {"millrace_journal_rows_total", "", number(engine.journal_rows)},
      {"millrace_journal_commits_total", "", number(engine.journal_commits)},
      {"millrace_journal_seconds_total", "", engine.journal_seconds},
      {"millrace_coordinator_read_only", "", number(engine.read_only)},
      {"millrace_coordinator_incarnation", "", number(engine.incarnation)},
  };
}

CoordinatorMetrics::CoordinatorMetrics(Metrics* metrics, EngineService* engine) {
  metrics->AddSource(CoordinatorFamilies(), [engine] { return SamplesOf(engine->Metrics()); });
}

}  // namespace millrace
