// Agent: the worker's half of the engine. It tells the coordinator what it has (attempts, progress, results), starts
// what it is told to add, stops what it is told to drop, and hands work back when the machine is to go away. Everything
// goes through one call, Sync; a lost message costs nothing, because the next one says all of it again
// (docs/engine.md).
//
// Owns one loop thread and one thread a running attempt. Borrows the client and the store, which must outlive it.
// Thread-safe. Errors of the coordinator are retried with backoff for ever; errors of tasks are reported, never thrown.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/client/coordinator_client.h"
#include "common/storage/storage.h"
#include "proto/task.pb.h"
#include "worker/task/task_context.h"

namespace millrace {

// What the agent tells its observer (metrics). Called from any thread, partly with the agent's lock held: must not
// block and must not call the agent.
struct AgentObserver {
  // outcome: accepted, fenced, refused, failed or handed_back. `result` is what the attempt reported, if it had ended.
  std::function<void(const Assignment&, absl::string_view outcome, const TaskResult* result)> ended =
      [](const Assignment&, absl::string_view, const TaskResult*) {};
  // What an attempt did between two looks at it.
  std::function<void(const Progress& before, const Progress& now)> progressed = [](const Progress&, const Progress&) {};
  std::function<void(bool answered)> synced = [](bool) {};
};

struct AgentOptions {
  WorkerInfo info;  // name, address, version, encoding version, slots, memory budget; the rest is filled in here
  absl::Duration busy_sync = absl::Seconds(1);  // how often progress is told while something runs
  absl::Duration idle_sync = absl::Seconds(5);  // how long an idle call may stay parked
  absl::Duration backoff_start = absl::Milliseconds(50);
  absl::Duration backoff_limit = absl::Seconds(2);
  absl::Duration patience =
      absl::Minutes(10);  // write attempts go on this long without a coordinator, others only for their lease
};

class Agent {
 public:
  // Does one task; blocking, on the attempt's own thread. The status code decides what is reported
  // (docs/architecture.md).
  using TaskRunner = std::function<absl::StatusOr<TaskResult>(TaskContext&)>;

  Agent(AgentOptions options, CoordinatorClient* client, Store* store, TaskRunner runner, AgentObserver observer = {});
  ~Agent();  // stops at once: running attempts are abandoned, as if the process had died
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Takes no new work from now on. What runs goes on; see Drained.
  void Drain();
  // Waits until nothing runs and every result was acknowledged, at most for `grace`; what cannot finish by then is
  // handed back. Returns whether everything was acknowledged. Call after Drain.
  bool WaitUntilDrained(absl::Duration grace);
  // An operator asked for this worker to drain (the process should end when drained).
  bool drain_requested() const;

  bool draining() const;
  int64_t free_disk_bytes() const;  // of the disk of the newest output; 0 before the first task
  int busy() const;                 // attempts that run
  bool connected() const;           // the last sync was answered

 private:
  struct Attempt;
  struct Inbox;
  using Key = std::pair<uint64_t, uint64_t>;  // epoch: unique over all attempts

  void Loop();
  // One step of the loop: takes the newest reply, sends the next request if it is time. Returns when to look again.
  absl::Time Step() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Send() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  SyncRequest MakeRequest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Progress Observe(Attempt& attempt) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Receive(uint64_t sequence, absl::StatusOr<SyncReply> reply);
  void Obey(const SyncReply& reply) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Add(const Assignment& assignment) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Drop(const SyncReply::Drop& drop) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void StopExpired(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void HandBackRunning() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RunAttempt(Attempt* attempt);
  absl::StatusOr<TaskResult> RunGuarded(Attempt& attempt);
  void JoinRetired();
  bool Wake() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return stopping_ || reply_.has_value() || (dirty_ && !backing_off_);
  }

  // Constant.
  const AgentOptions options_;
  CoordinatorClient* const client_;
  Store* const store_;
  const TaskRunner runner_;
  const AgentObserver observer_;
  const std::shared_ptr<Inbox> inbox_;  // outlives the agent: a parked call may be answered after its end

  // Guarded by mu_.
  mutable Mutex mu_;
  std::map<Key, std::unique_ptr<Attempt>> attempts_ ABSL_GUARDED_BY(mu_);
  std::vector<std::unique_ptr<Attempt>> retired_ ABSL_GUARDED_BY(mu_);   // dropped; their threads may still run
  uint64_t sequence_ ABSL_GUARDED_BY(mu_) = 0;                           // of the newest request
  uint64_t incarnation_ ABSL_GUARDED_BY(mu_) = 0;                        // of the coordinator that answered last
  bool awaiting_ ABSL_GUARDED_BY(mu_) = false;                           // the newest request has no answer yet
  std::optional<absl::StatusOr<SyncReply>> reply_ ABSL_GUARDED_BY(mu_);  // answer of the newest request
  absl::Time sent_ ABSL_GUARDED_BY(mu_);
  absl::Time next_send_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  absl::Duration backoff_ ABSL_GUARDED_BY(mu_);
  bool dirty_ ABSL_GUARDED_BY(mu_) = true;         // something changed that the coordinator should hear at once
  bool backing_off_ ABSL_GUARDED_BY(mu_) = false;  // but not before next_send_
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  bool drain_requested_ ABSL_GUARDED_BY(mu_) = false;
  bool connected_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  int64_t free_disk_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::string disk_path_ ABSL_GUARDED_BY(mu_);  // the newest output folder: whose disk is watched

  std::thread loop_;
};

}  // namespace millrace
