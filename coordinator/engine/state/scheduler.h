// Who gets which task. Pure functions of (durable, live, now): every reason not to act is a named branch, and the same
// words are shown to people (`waiting_for` of a job).
//
// Order: jobs by submission, oldest first; within a job the lowest open slot; scan, publish and cleanup are their
// stage's only task. Cost: O(log) a lease; workers are compared with each other only for tasks that failed somewhere
// before.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/engine/state/durable_state.h"
#include "coordinator/engine/state/engine_options.h"
#include "coordinator/engine/state/live_state.h"

namespace millrace {

// Why a worker does not get a task (now).
enum class NotNow {
  kNone,  // nothing speaks against it
  // About the worker.
  kHoldingBack,  // the coordinator has just restarted and waits for attempts to be reported
  kReadOnly,     // the disk of the journal is nearly full
  kReplaced,     // a newer process has the worker's name
  kSilent,       // its lease time passed without a sync
  kDraining,
  kQuarantined,
  kDiskLow,
  kNoFreeSlot,
  // About the worker and the job.
  kJobNotRunning,
  kMemoryBudgetTooSmall,
  kOtherEncodingVersion,
  kOtherDisk,  // it answered WRONG_MACHINE
  // About the task.
  kNothingOpen,
  kOthersBeganIt,  // cleanup: those that were given the scan look first
  kFailedHere,     // it failed on this worker, and others could try
  kSecondOpinion,  // what it found is doubtful, and others could confirm
};
// "draining", "no free slot", …: completes "w1: ".
absl::string_view Words(NotNow reason);

struct Grant {
  std::string job_id;
  TaskSlot slot = kStageTask;
  bool copy = false;  // a second attempt of a straggler
};

class Scheduler {
 public:
  // Borrows all three for the time of one decision.
  Scheduler(const EngineOptions& options, const DurableState& durable, const LiveState& live, absl::Time now)
      : options_(options), durable_(durable), live_(live), now_(now) {}

  // What this worker gets now: at most its free slots. Empty: see the reasons below.
  std::vector<Grant> GrantsFor(const LiveWorker& worker) const;
  // Whether anything could be leased to somebody: an open task or a straggler. Cheap.
  bool AnythingToLease() const;

  // The first reason against giving this worker anything at all.
  NotNow AboutWorker(const LiveWorker& worker) const;
  // The first reason against giving it a task of this job; looks at neither free slots nor open tasks.
  NotNow AboutJob(const LiveWorker& worker, const JobRecord& job) const;
  // The first reason against giving it this task rather than waiting for somebody else.
  NotNow AboutTask(const LiveWorker& worker, const JobRecord& job, TaskSlot slot) const;
  // Whether a worker other than those named could take a task of this job, now or when it has a free slot.
  bool OthersCould(const JobRecord& job, const std::vector<std::string>& but) const;
  // The same about those named.
  bool AnyCould(const JobRecord& job, const std::vector<std::string>& names) const;
  // Of a cleanup: workers that were given the scan and have not yet looked what is left of it.
  std::vector<std::string> ClaimantsToLook(const JobRecord& job) const;
  // Workers that failed this task or whose result of it was refused.
  std::vector<std::string> TriedInVain(const JobRecord& job, TaskSlot slot) const;

  // Write tasks that run alone and much longer than their job's finished tasks took.
  std::vector<TaskSlot> Stragglers(const JobRecord& job) const;

  // Words for `waiting_for`: empty if the job has nothing open or its work is being leased.
  std::vector<std::string> WaitingFor(const JobRecord& job) const;

 private:
  bool Could(const std::string& name, const JobRecord& job) const;
  void GrantOpen(const LiveWorker& worker, const JobRecord& job, size_t limit, std::vector<Grant>& grants) const;
  void GrantCopies(const LiveWorker& worker, const JobRecord& job, size_t limit, std::vector<Grant>& grants) const;

  const EngineOptions& options_;
  const DurableState& durable_;
  const LiveState& live_;
  const absl::Time now_;
};

}  // namespace millrace
