// The engine's numbers as a plain struct; coordinator/rpc or api turn them into Prometheus families. Counters only grow
// within one process; gauges are computed when the snapshot is taken.
#pragma once

#include <cstdint>

namespace millrace {

struct EngineMetrics {
  // Counters: results that attempts reported, by verdict. duplicate: the winner's own result again.
  int64_t commits_accepted = 0;
  int64_t commits_duplicate = 0;
  int64_t commits_fenced = 0;
  int64_t commits_refused = 0;  // failures and results that need a second opinion

  int64_t leases_granted = 0;
  int64_t leases_adopted = 0;  // attempts of an earlier coordinator that go on
  int64_t leases_expired = 0;  // the worker was silent too long
  int64_t leases_lost = 0;     // the worker lost the assignment, or died
  int64_t straggler_copies = 0;
  int64_t failures_counted = 0;
  int64_t quarantines = 0;

  int64_t syncs = 0;
  int64_t syncs_superseded = 0;
  double sync_seconds = 0;  // handling, without parking and without the journal; EngineService only

  int64_t journal_rows = 0;
  int64_t journal_commits = 0;
  double journal_seconds = 0;  // in Journal::Sync; EngineService only

  // Gauges.
  int64_t jobs_running = 0, jobs_succeeded = 0, jobs_failed = 0, jobs_cancelled = 0;
  int64_t workers_active = 0, workers_draining = 0, workers_quarantined = 0, workers_silent = 0;
  int64_t tasks_open = 0, tasks_running = 0, tasks_delayed = 0, tasks_done = 0;  // of unfinished jobs
  int64_t slots = 0, slots_busy = 0;
  int64_t syncs_parked = 0;  // EngineService only
  uint64_t incarnation = 0;
  bool read_only = false;  // the disk of the journal is nearly full
};

}  // namespace millrace
