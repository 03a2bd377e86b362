#include "coordinator/engine/journal/memory_journal.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"

namespace millrace {
namespace {

absl::StatusOr<Update> Parse(const std::string& bytes) {
  Update update;
  if (!update.ParseFromString(bytes)) return absl::DataLossError("a row of the memory journal cannot be read");
  return update;
}

}  // namespace

absl::Status MemoryJournal::Replay(const std::function<absl::Status(const Update&)>& visit) {
  for (const Row& row : durable_) {
    MILLRACE_ASSIGN_OR_RETURN(const Update update, Parse(row.bytes));
    MILLRACE_RETURN_IF_ERROR(visit(update));
  }
  return absl::OkStatus();
}

absl::Status MemoryJournal::Append(const Update& update) {
  pending_.push_back({JobIdOf(update), update.SerializeAsString(), false});
  return absl::OkStatus();
}

absl::Status MemoryJournal::Archive(absl::string_view job_id, const Update& summary) {
  pending_.push_back({std::string(job_id), summary.SerializeAsString(), true});
  return absl::OkStatus();
}

absl::Status MemoryJournal::Sync() {
  if (!sync_error_.ok()) return sync_error_;
  for (Row& row : pending_) Make(std::move(row));
  pending_.clear();
  return absl::OkStatus();
}

void MemoryJournal::Make(Row row) {
  if (row.archive) {
    const auto of_job = [&row](const Row& other) { return other.job_id == row.job_id; };
    durable_.erase(std::remove_if(durable_.begin(), durable_.end(), of_job), durable_.end());
  }
  durable_.push_back(std::move(row));
}

void MemoryJournal::Crash(size_t keep) {
  pending_.resize(std::min(keep, pending_.size()));
  for (Row& row : pending_) Make(std::move(row));
  pending_.clear();
}

std::vector<Update> MemoryJournal::Rows() const {
  std::vector<Update> rows;
  for (const Row& row : durable_) rows.push_back(Parse(row.bytes).value());
  return rows;
}

MemoryJournal MemoryJournal::Of(const std::vector<Update>& rows) {
  MemoryJournal journal;
  for (const Update& row : rows) journal.durable_.push_back({JobIdOf(row), row.SerializeAsString(), false});
  return journal;
}

}  // namespace millrace
