// What can be set about the engine: defaults, meaning and cost beside each field.
#pragma once

#include "absl/time/time.h"

namespace millrace {

// Bugs planted on purpose, so that tests can prove that the simulator's checker finds them (tests/simulation). TEST
// ONLY: nothing but the simulator sets them.
struct EngineFaults {
  bool no_fence = false;                  // a commit is taken whatever its epoch; it replaces an earlier winner
  bool publish_before_journal = false;    // the publish task is leased although JobPublishing was never journaled
  bool acknowledge_before_fsync = false;  // Commit answers OK before the rows are durable
  bool forget_retry = false;              // the task of an expired or lost attempt is not opened again
};

struct EngineOptions {
  // How long a worker may be silent before its attempts are fenced. Longer: slower recovery; shorter: more work thrown
  // away.
  absl::Duration lease = absl::Seconds(15);
  // How often a worker syncs at the latest; lease / 3, so that two lost messages cost nothing.
  absl::Duration sync_period() const { return lease / 3; }

  // After a restart with unfinished jobs nothing new is leased for this long, so that running attempts can be adopted
  // first. Negative: two sync periods. Embedded mode: zero, as its workers died with it.
  absl::Duration hold_back = -absl::Seconds(1);

  int max_attempts = 4;  // counted failures of one task that fail its job
  // Attempts of one task that may be lost with their worker (crash, expired lease) without being counted: the first is
  // bad luck, more are perhaps the task's fault (input that kills its reader must not go on for ever).
  int free_losses = 1;
  // A failed task waits this long before it is tried again, doubled with each failure; four times as long after
  // WRONG_MACHINE without another machine (one may be on its way).
  absl::Duration retry_backoff = absl::Milliseconds(200);

  // A second copy of a write task is started on an idle worker when it has run longer than both.
  absl::Duration straggler_minimum = absl::Seconds(5);
  double straggler_factor = 3;  // times the median of the job's finished tasks

  // A result with more environmental dead letters than both, or with nothing else, needs a second worker's opinion: a
  // lost mount must eat no small shard either.
  int64_t suspicious_rows = 8;
  double suspicious_fraction = 0.2;
  int offences_until_quarantine = 2;
  absl::Duration quarantine = absl::Minutes(10);
  // A silent worker is forgotten (workers list, exclusions) after this long.
  absl::Duration forget_worker = absl::Minutes(10);

  EngineFaults faults;  // TEST ONLY
};

}  // namespace millrace
