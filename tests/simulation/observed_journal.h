// ObservedJournal: a MemoryJournal whose durable rows the checker sees as they become durable, and which crashes with a
// torn tail. Outlives the engines that use it, as a disk does.
#pragma once

#include <functional>
#include <vector>

#include "coordinator/engine/journal/memory_journal.h"
#include "coordinator/engine/state/durable_state.h"

namespace millrace::simulation {

class ObservedJournal : public Journal {
 public:
  // Called with each row that became durable, before it is applied to durable().
  std::function<void(const Update&)> on_durable = [](const Update&) {};

  absl::Status Replay(const std::function<absl::Status(const Update&)>& visit) override {
    return journal_.Replay(visit);
  }
  absl::Status Append(const Update& update) override {
    pending_.push_back(update);
    return journal_.Append(update);
  }
  absl::Status Archive(absl::string_view job_id, const Update& summary) override {
    pending_.push_back(summary);
    return journal_.Archive(job_id, summary);
  }
  absl::Status Sync() override {
    Settle(pending_.size());
    return journal_.Sync();
  }
  // Of the rows since the last Sync the first `keep` survive.
  void Crash(size_t keep) {
    Settle(keep);
    journal_.Crash(keep);
  }

  size_t unsynced() const { return pending_.size(); }
  // What replay would give now, kept up row by row.
  const DurableState& durable() const { return durable_; }
  // What replay does give.
  DurableState Replayed() {
    DurableState state;
    journal_.Replay([&state](const Update& update) { return state.Apply(update), absl::OkStatus(); }).IgnoreError();
    return state;
  }

 private:
  void Settle(size_t keep) {
    for (size_t i = 0; i < keep; ++i) {
      on_durable(pending_[i]);
      durable_.Apply(pending_[i]);
    }
    pending_.clear();
  }

  MemoryJournal journal_;
  std::vector<Update> pending_;
  DurableState durable_;
};

}  // namespace millrace::simulation
