// MemoryJournal: a Journal that lives as long as the object. For the embedded mode without a data folder, for tests and
// for the simulator, which also crashes it.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/engine/journal/journal.h"

namespace millrace {

class MemoryJournal : public Journal {
 public:
  absl::Status Replay(const std::function<absl::Status(const Update&)>& visit) override;
  absl::Status Append(const Update& update) override;
  absl::Status Archive(absl::string_view job_id, const Update& summary) override;
  absl::Status Sync() override;

  // As if the process had died now: of what was appended since the last Sync only the first `keep` rows survive.
  void Crash(size_t keep = 0);

  // Appended since the last Sync.
  size_t unsynced() const { return pending_.size(); }
  // The durable rows, oldest first.
  std::vector<Update> Rows() const;
  // A journal whose durable rows are these.
  static MemoryJournal Of(const std::vector<Update>& rows);

  // Every Sync answers this from now on; OK ends it. For tests.
  void FailSync(absl::Status status) { sync_error_ = std::move(status); }

 private:
  struct Row {
    std::string job_id;
    std::string bytes;     // serialised, so that a caller who changes its message later changes nothing here
    bool archive = false;  // replaces all earlier rows of the job
  };
  void Make(Row row);

  std::deque<Row> durable_;
  std::vector<Row> pending_;
  absl::Status sync_error_;
};

}  // namespace millrace
