// Journal: the durable list of Updates from which a coordinator's state is rebuilt. Two implementations: SQLite
// (coordinator/store/sqlite_journal.h) and memory (memory_journal.h: embedded mode, tests, simulation).
//
// One owner, one thread. Every row belongs to one job or to none (JobIdOf); rows of different jobs are independent,
// rows of one job keep their order. Errors are final: after one, the owner must not go on (the coordinator exits and
// replays).
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/journal.pb.h"

namespace millrace {

class Journal {
 public:
  virtual ~Journal() = default;

  // Calls `visit` with every durable row, oldest first; stops at the first error of `visit` and returns it. Called
  // once, before anything is appended. A torn last row (never acknowledged) is dropped; damage anywhere else is
  // DATA_LOSS naming the row.
  virtual absl::Status Replay(const std::function<absl::Status(const Update&)>& visit) = 0;

  // Adds a row after all others. Buffers: durable only after Sync. A crash before Sync may keep any prefix of the
  // buffered rows (in order), never a later row without an earlier one.
  virtual absl::Status Append(const Update& update) = 0;

  // Replaces all rows of the job, durable and buffered, by `summary` (an Update with JobArchived), which takes the
  // place of a newly appended row. Buffers like Append; one transaction: a crash leaves the old rows or the summary,
  // never both or neither. Rows of the same job may be appended afterwards (a cancelled job can be retried).
  virtual absl::Status Archive(absl::string_view job_id, const Update& summary) = 0;

  // Group commit: everything appended or archived so far is durable when this returns OK.
  virtual absl::Status Sync() = 0;
};

// The job that a row belongs to; empty for CoordinatorStarted.
std::string JobIdOf(const Update& update);

}  // namespace millrace
