// Coordinator: the real Engine as EngineService drives it (parking, group commit, answers only after the commit), on
// simulated time, with crashes around every commit. Its journal outlives it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/engine/service/engine.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/observed_journal.h"
#include "tests/simulation/world.h"

namespace millrace::simulation {

// How often the engine's rarer branches were taken, over all of its processes: a simulation that never gets there
// proves nothing about them.
struct Coverage {
  int64_t adopted = 0, expired = 0, copies = 0, quarantines = 0, fenced = 0, duplicates = 0, refused = 0;

  void Add(const EngineMetrics& metrics) {
    adopted += metrics.leases_adopted;
    expired += metrics.leases_expired;
    copies += metrics.straggler_copies;
    quarantines += metrics.quarantines;
    fenced += metrics.commits_fenced;
    duplicates += metrics.commits_duplicate;
    refused += metrics.commits_refused;
  }
  void Add(const Coverage& other) {
    adopted += other.adopted;
    expired += other.expired;
    copies += other.copies;
    quarantines += other.quarantines;
    fenced += other.fenced;
    duplicates += other.duplicates;
    refused += other.refused;
  }
};

class Coordinator {
 public:
  Coordinator(World* world, Checker* checker, ObservedJournal* journal, EngineOptions options)
      : world_(*world), checker_(*checker), journal_(*journal), options_(std::move(options)) {}

  void Boot();
  void Sync(const SyncRequest& request, std::function<void(const SyncReply&)> answer);
  // A client's call. What `call` returns runs once everything is durable; nothing happens if the coordinator is down or
  // dies before.
  void Call(const std::function<std::function<void()>(Engine&, Moment)>& call);
  Moment Now() const { return {world_.now, absl::ToUnixMillis(world_.now)}; }
  const Engine* engine() const { return engine_.get(); }
  Coverage GetCoverage() const {
    Coverage all = ended_;
    if (engine_ != nullptr) all.Add(engine_->Metrics(Now()));
    return all;
  }

 private:
  struct Parked {
    SyncReply quiet;
    std::function<void(const SyncReply&)> answer;
    absl::Time deadline;
  };
  void Tick(int boot);
  void Answer(SyncReply reply, std::function<void(const SyncReply&)> answer);
  void AnswerParked();
  void CommitSoon();
  void Commit();
  void Flush();
  void Crash(absl::string_view when, size_t keep);

  World& world_;
  Checker& checker_;
  ObservedJournal& journal_;
  const EngineOptions options_;

  std::unique_ptr<Engine> engine_;
  int boot_ = 0;
  Coverage ended_;  // of earlier processes
  bool commit_planned_ = false;
  std::map<std::string, Parked> parked_;  // by process
  std::vector<std::function<void()>> outbox_;
};

}  // namespace millrace::simulation
