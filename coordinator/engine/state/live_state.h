// LiveState: what is known only because workers say so. Rebuilt from syncs, never journaled: workers, attempts, open
// tasks, progress. Plain data with a few helpers that keep its indexes in step; the decisions are the scheduler's and
// the engine's.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/engine/state/durable_state.h"
#include "proto/client.pb.h"
#include "proto/task.pb.h"

namespace millrace {

// A lease: one try of a task by one worker process.
struct Attempt {
  EpochKey epoch;
  std::string job_id;
  TaskSlot slot = kStageTask;
  TaskKey key;
  std::string process;
  std::string worker;  // name
  absl::Time deadline;
  absl::Time started;
  Progress progress;
};

// A process that has synced.
struct LiveWorker {
  WorkerInfo info;
  absl::Time last_sync;
  uint64_t sequence = 0;  // of its newest request
  std::set<EpochKey> attempts;
  bool replaced = false;  // a newer process has its name: nothing is taken from it, it is told to drain
  int offences = 0;       // results with many environmental dead letters that others did not have
  absl::Time quarantined_until = absl::InfinitePast();
  // For its parked request: what to say in the next Poll.
  std::vector<SyncReply::Drop> notices;
  std::vector<Assignment> granted;
  bool drain_notice = false;

  int free_slots() const { return info.slots() - static_cast<int>(attempts.size()); }
};

// The live side of an unfinished task.
struct LiveTask {
  std::vector<EpochKey> attempts;  // the live set: at most two
  int losses = 0;                  // attempts lost with their worker
  // Worker names whose suspicious result waits for a second opinion; of a cleanup: those that have looked.
  std::vector<std::string> refused_by;
  bool cleaned = false;  // a cleanup found what it was to remove
};

struct LiveJob {
  std::set<TaskSlot> open;                            // may be leased now
  std::set<std::pair<absl::Time, TaskSlot>> delayed;  // will be open from then on
  std::map<TaskSlot, LiveTask> tasks;                 // those with something to remember
  std::set<TaskSlot> stragglers;                      // may get a second attempt
  std::set<std::string> excluded;                     // worker names that see another disk
  std::vector<absl::Duration> durations;              // of finished write tasks
  Progress ended;                                     // bytes read and operators of attempts that ended
  uint64_t changes = 1;                               // the job's version
};

// Adds each operator to the one of the same name.
void AddOperators(const google::protobuf::RepeatedPtrField<OperatorStats>& from,
                  google::protobuf::RepeatedPtrField<OperatorStats>& to);

class LiveState {
 public:
  LiveWorker* FindProcess(absl::string_view process);
  const LiveWorker* FindProcess(absl::string_view process) const;
  // The current process of a worker name; null if there is none.
  LiveWorker* FindWorker(absl::string_view name);
  const LiveWorker* FindWorker(absl::string_view name) const;
  LiveJob& Job(absl::string_view job_id);  // made if absent
  const LiveJob* FindJob(absl::string_view job_id) const;
  const Attempt* FindAttempt(EpochKey epoch) const;
  LiveTask& Task(const Attempt& attempt) { return Job(attempt.job_id).tasks[attempt.slot]; }

  // Both keep attempts, worker and task in step; a task with a live attempt is not open.
  void AddAttempt(Attempt attempt);
  Attempt RemoveAttempt(EpochKey epoch);  // must exist
  // Forgets what concerns the job's tasks: open, delayed, losses, exclusions. It must have no live attempt.
  void ClearTasks(absl::string_view job_id);

  std::map<std::string, LiveWorker, std::less<>> processes;
  std::map<std::string, std::string, std::less<>> process_of;  // worker name → its current process
  std::set<std::string, std::less<>> parked;                   // processes whose newest request is held back
  std::set<std::string, std::less<>> drain_wishes;             // names that an operator asked to drain
  std::map<EpochKey, Attempt> attempts;
  // Scans of cancelled jobs that their worker may not have heard to stop. Their jobs' cleanup waits for them: a scan
  // that begins late would otherwise put the claim back.
  std::map<EpochKey, Attempt> leaving;
  std::map<std::string, LiveJob, std::less<>> jobs;
  absl::Time hold_back_until = absl::InfinitePast();  // no new leases before
  std::string read_only;                              // why nothing may be journaled but cancels; empty: all may
  // Until then scans and publications of the coordinator before this one may still run unheard of: no cleanup before.
  absl::Time strangers_until = absl::InfinitePast();
};

}  // namespace millrace
