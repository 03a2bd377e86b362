// FakeWorker: a worker process as the coordinator sees it, following the agent's rules (worker/agent/agent.h) on
// simulated time: only the newest reply counts, its lease ends before the coordinator thinks so, results are told until
// dropped, what was fenced or refused is destroyed. It crashes, comes back as a new process, sleeps past its lease,
// drains.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/engine/state/durable_state.h"
#include "tests/simulation/coordinator.h"
#include "tests/simulation/fake_task.h"
#include "tests/simulation/network.h"

namespace millrace::simulation {

class FakeWorker {
 public:
  FakeWorker(World* world, Network* network, Checker* checker, Coordinator* coordinator,
             const std::vector<JobModel>* jobs, Node node, Disk* disk);

  void Start();
  void Drain();
  void LoseMount(bool lost) { machine_.mount_lost = lost; }
  // The liveness phase: awake, running, everything mounted.
  void Heal();
  const std::string& name() const { return name_; }

 private:
  struct Attempt {
    Assignment assignment;
    std::unique_ptr<FakeTask> task;
    std::optional<TaskResult> result;
    absl::Time lease_end;
    bool slow = false;
  };

  // Runs `event` later, unless this process is gone by then; when it sleeps, after it woke up.
  void Later(absl::Duration delay, std::function<void()> event);
  void Guarded(const std::string& process, const std::function<void()>& event);
  void Crash(absl::string_view why);
  void Send();
  SyncRequest MakeRequest();
  void Receive(uint64_t sequence, const SyncReply& reply);
  void TimedOut(uint64_t sequence);
  void Tell();  // something changed: over the head of a parked call
  void Add(const Assignment& assignment, absl::Time lease_end);
  void Drop(const SyncReply::Drop& drop);
  void Step(EpochKey epoch);
  void End(Attempt& attempt, const absl::Status& status);
  void StepLater(EpochKey epoch, const Attempt& attempt);
  void HandBack();
  void LeaveIfDrained();

  World& world_;
  Network& network_;
  Checker& checker_;
  Coordinator& coordinator_;
  const std::vector<JobModel>& jobs_;
  const Node node_;
  const std::string name_;
  Machine machine_;

  bool alive_ = false;
  int starts_ = 0;
  std::string process_;
  int64_t started_unix_ms_ = 0;
  absl::Time asleep_until_ = absl::InfinitePast();
  bool draining_ = false;
  std::map<EpochKey, Attempt> attempts_;
  uint64_t sequence_ = 0;
  uint64_t incarnation_ = 0;
  bool awaiting_ = false;
  absl::Time sent_;
  absl::Duration backoff_;
};

}  // namespace millrace::simulation
