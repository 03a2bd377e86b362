// SqliteJournal: the coordinator's journal as one SQLite file in WAL mode with synchronous=FULL. Everything appended
// between two Syncs is one transaction: one fsync, all or nothing.
//
//   journal(sequence, job, job_row, crc, body)   sequence: from 1, never reused. job_row: from 0 within the job.
//                                                crc: CRC32C over the other four. body: an Update.
//   tail(rows, sequence)                         how many rows there must be, and the last sequence ever given.
//
// Archiving removes a job's rows and adds one with job_row 0, so sequences have holes by design: a lost row shows as a
// hole in its job's job_row, or as a wrong number of rows. Either is DATA_LOSS, naming the row.
//
// One owner, one thread at a time. The first error sticks: every later call returns it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/engine/journal/journal.h"
#include "coordinator/store/sqlite.h"

namespace millrace {

class SqliteJournal : public Journal {
 public:
  static constexpr int64_t kSchema = 1;

  // Creates the file if it is not there. FAILED_PRECONDITION: written by a newer Millrace, or another program's
  // database. Other errors as in sqlite.h. The caller makes sure that nobody else has it open (DataDir).
  static absl::StatusOr<std::unique_ptr<SqliteJournal>> Open(const std::string& path);

  absl::Status Replay(const std::function<absl::Status(const Update&)>& visit) override;
  absl::Status Append(const Update& update) override;
  absl::Status Archive(absl::string_view job_id, const Update& summary) override;
  absl::Status Sync() override;

 private:
  struct Row {
    int64_t sequence = 0;
    std::string job;
    int64_t job_row = 0;
    std::string body;
    bool archive = false;  // removes all earlier rows of the job
  };
  struct Statements {
    Statement insert, remove, set_tail;
  };

  SqliteJournal(Database database, Statements statements);
  absl::Status Remember(absl::Status status);
  void Buffer(std::string job, const Update& update, bool archive);
  absl::Status Read(const std::function<absl::Status(const Update&)>& visit);
  absl::Status CheckTail() const;
  absl::Status WriteRow(const Row& row);
  absl::Status WriteBuffered();

  Database database_;
  Statements statements_;  // after the database: they go first
  absl::Status status_;
  bool replayed_ = false;
  int64_t rows_ = 0;                                    // durable and buffered
  int64_t sequence_ = 0;                                // last given
  int64_t tail_rows_ = 0, tail_sequence_ = 0;           // as the file says
  absl::flat_hash_map<std::string, int64_t> job_rows_;  // next job_row
  std::vector<Row> buffered_;
};

}  // namespace millrace
