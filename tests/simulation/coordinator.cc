#include "tests/simulation/coordinator.h"

#include <algorithm>
#include <utility>

namespace millrace::simulation {

constexpr absl::Duration kTick = absl::Milliseconds(200);

void Coordinator::Boot() {
  engine_ = std::make_unique<Engine>(options_, &journal_);
  ++boot_;
  const absl::Status started = engine_->Start(Now());
  if (!started.ok()) return world_.Violate("P1", "the coordinator cannot start: ", started.ToString());
  world_.Say("coordinator", "started, incarnation ", engine_->durable().incarnation());
  checker_.OnStarted(engine_->durable());
  world_.After(kTick, [this, boot = boot_] { Tick(boot); });
}

void Coordinator::Tick(int boot) {
  if (engine_ == nullptr || boot != boot_) return;
  engine_->Tick(Now());
  AnswerParked();
  CommitSoon();
  world_.After(kTick, [this, boot] { Tick(boot); });
}

void Coordinator::Sync(const SyncRequest& request, std::function<void(const SyncReply&)> answer) {
  if (engine_ == nullptr) return;
  absl::StatusOr<SyncReply> reply = engine_->Sync(request, Now());
  if (!reply.ok()) return;
  const std::string& process = request.worker().process();
  if (!reply->superseded()) parked_.erase(process);
  if (reply->superseded() || Engine::HasNews(*reply) || request.wait_ms() <= 0) {
    Answer(*std::move(reply), std::move(answer));
  } else {
    parked_[process] = {*std::move(reply), std::move(answer), world_.now + absl::Milliseconds(request.wait_ms())};
    engine_->Park(process);
  }
  AnswerParked();
  CommitSoon();
}

void Coordinator::Call(const std::function<std::function<void()>(Engine&, Moment)>& call) {
  if (engine_ == nullptr) return;
  outbox_.push_back(call(*engine_, Now()));
  AnswerParked();
  CommitSoon();
}

void Coordinator::Answer(SyncReply reply, std::function<void(const SyncReply&)> answer) {
  outbox_.push_back([this, reply = std::move(reply), answer = std::move(answer)] {
    for (const SyncReply::Drop& drop : reply.drop()) checker_.OnDropSent(drop);
    answer(reply);
  });
}

void Coordinator::AnswerParked() {
  for (const std::string& process : engine_->TakeWoken(Now())) {
    auto it = parked_.find(process);
    if (it == parked_.end()) continue;
    std::optional<SyncReply> reply = engine_->Poll(process, Now());
    if (!reply) continue;
    Answer(*std::move(reply), std::move(it->second.answer));
    parked_.erase(it);
  }
  for (auto it = parked_.begin(); it != parked_.end();) {
    if (it->second.deadline > world_.now) {
      ++it;
      continue;
    }
    engine_->Unpark(it->first);
    Answer(std::move(it->second.quiet), std::move(it->second.answer));
    it = parked_.erase(it);
  }
}

void Coordinator::CommitSoon() {
  if (commit_planned_ || (outbox_.empty() && !engine_->dirty())) return;
  commit_planned_ = true;
  world_.After(world_.random.Milliseconds(0, 3), [this, boot = boot_] {
    if (engine_ != nullptr && boot == boot_) Commit();
  });
}

void Coordinator::Commit() {
  commit_planned_ = false;
  const bool crash = engine_->dirty() && world_.Fault(world_.swarm.coordinator_crash);
  const int64_t when = crash ? world_.random.Between(0, 3) : 9;
  if (when <= 1) {
    // After the last, or any earlier, of the rows of this commit.
    return Crash("before its commit", static_cast<size_t>(world_.random.Between(0, int64_t(journal_.unsynced()))));
  }
  if (const absl::Status committed = engine_->Commit(); !committed.ok())
    return world_.Violate("P1", "a commit failed without a fault: ", committed.ToString());
  if (when == 2) return Crash("after its commit, before its answers", 0);
  Flush();
  if (when == 3) Crash("after its answers", 0);
}

void Coordinator::Flush() {
  std::vector<std::function<void()>> outbox = std::exchange(outbox_, {});
  for (const std::function<void()>& send : outbox) send();
}

void Coordinator::Crash(absl::string_view when, size_t keep) {
  world_.Say("coordinator", "crashes ", when, "; ", keep, " of ", journal_.unsynced(), " unsynced rows survive");
  ended_ = GetCoverage();
  engine_.reset();
  parked_.clear();
  outbox_.clear();
  commit_planned_ = false;
  journal_.Crash(keep);
  checker_.OnCrash();
  world_.After(world_.random.Milliseconds(10, 4000), [this] { Boot(); });
}

}  // namespace millrace::simulation
