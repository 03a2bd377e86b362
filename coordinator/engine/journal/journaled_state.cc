#include "coordinator/engine/journal/journaled_state.h"

#include "common/base/status_macros.h"

namespace millrace {

absl::Status JournaledState::Replay() {
  return Remember(journal_->Replay([this](const Update& update) {
    state_.Apply(update);
    return absl::OkStatus();
  }));
}

absl::Status JournaledState::Stage(const Update& update) {
  // Applied even if the journal failed: nothing leaves the process any more, and callers may count on the new state.
  state_.Apply(update);
  ++uncommitted_;
  ++rows_;
  if (!status_.ok()) return status_;
  return Remember(journal_->Append(update));
}

absl::Status JournaledState::Archive(absl::string_view job_id, int64_t unix_ms) {
  const JobRecord* job = state_.Find(job_id);
  if (job == nullptr || !status_.ok()) return status_;
  ++uncommitted_;
  return Remember(journal_->Archive(job_id, DurableState::ArchiveOf(*job, unix_ms)));
}

absl::Status JournaledState::Commit() {
  if (!status_.ok() || uncommitted_ == 0) return status_;
  MILLRACE_RETURN_IF_ERROR(Remember(journal_->Sync()));
  uncommitted_ = 0;
  ++commits_;
  return absl::OkStatus();
}

absl::Status JournaledState::Remember(absl::Status status) {
  if (status_.ok()) status_ = status;
  return status;
}

}  // namespace millrace
