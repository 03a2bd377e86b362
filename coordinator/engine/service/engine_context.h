// EngineContext: what the parts of the engine (job flow, leases, results) share. Private to this folder.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "coordinator/engine/journal/journaled_state.h"
#include "coordinator/engine/service/engine.h"
#include "coordinator/engine/state/scheduler.h"

namespace millrace {

struct EngineContext {
  EngineContext(const EngineOptions& engine_options, Journal* journal) : options(engine_options), state(journal) {}

  const EngineOptions options;
  JournaledState state;
  LiveState live;
  EngineMetrics metrics;
  Moment moment;               // of the call that is being handled
  uint64_t next_sequence = 1;  // of epochs of this incarnation
  std::set<std::string> changed_jobs;
  std::set<std::string> woken;  // parked processes with something in their notices
  bool offer = false;           // a task was opened: parked workers should be asked

  const DurableState& durable() const { return state.state(); }
  const JobRecord* Job(absl::string_view job_id) const { return durable().Find(job_id); }
  Scheduler Scheduling() const { return Scheduler(options, durable(), live, moment.now); }

  // Journals and applies. An error of the journal sticks in `state` and ends the engine at its next Commit.
  void Stage(Update update);
  // The job's version grows.
  void Touch(const std::string& job_id);
  // A line in the log of a running job, about what leaves no other trace.
  void Note(const std::string& job_id, absl::string_view level, std::string text);

  // The task may be leased, now or after `delay`.
  void Open(const std::string& job_id, TaskSlot slot, absl::Duration delay = absl::ZeroDuration());
  // Takes the lease away and tells the worker, at once if it is parked.
  void Fence(EpochKey epoch);
  void FenceAll(const std::string& job_id);
};

// The name of an attempt on the wire.
AttemptName NameOf(const Attempt& attempt);
Epoch EpochOf(EpochKey key);
// The gauges among the metrics (engine_metrics.cc).
void AddGauges(const EngineContext& context, Moment moment, EngineMetrics& metrics);

}  // namespace millrace
