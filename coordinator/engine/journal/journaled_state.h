// JournaledState: the gate. The only holder of the mutable DurableState, so that nothing changes it without a journal
// row.
//
// One owner, one thread. Borrows the journal. The first error of the journal sticks: every later call returns it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coordinator/engine/journal/journal.h"
#include "coordinator/engine/state/durable_state.h"

namespace millrace {

class JournaledState {
 public:
  explicit JournaledState(Journal* journal) : journal_(journal) {}

  // Rebuilds the state from the journal's rows. Call once, first.
  absl::Status Replay();

  // Appends the row and applies it. Visible in state() at once, durable after Commit.
  absl::Status Stage(const Update& update);
  // Replaces the rows of an ended job by one. The state does not change (ArchiveOf is what Apply had left of the job).
  absl::Status Archive(absl::string_view job_id, int64_t unix_ms);
  // Makes every staged row durable; free if there is none.
  absl::Status Commit();

  bool dirty() const { return uncommitted_ > 0; }
  const absl::Status& status() const { return status_; }
  const DurableState& state() const { return state_; }
  int64_t rows() const { return rows_; }        // staged in this process
  int64_t commits() const { return commits_; }  // that wrote something

 private:
  absl::Status Remember(absl::Status status);

  Journal* const journal_;
  DurableState state_;
  absl::Status status_;
  int64_t uncommitted_ = 0;
  int64_t rows_ = 0;
  int64_t commits_ = 0;
};

}  // namespace millrace
