#include "coordinator/store/sqlite_journal.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/io/crc32c.h"

namespace millrace {
namespace {

constexpr int64_t kApplicationId = 0x4D4C4A31;  // "MLJ1"

// The WAL is folded back every 4000 pages (16 MiB): rarely enough to stay out of the way of commits.
constexpr char kPragmas[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA trusted_schema=OFF;";

constexpr char kSchemaSql[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE journal(sequence INTEGER PRIMARY KEY, job TEXT NOT NULL, job_row INTEGER NOT NULL,"
    "                     crc INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX journal_job ON journal(job, job_row);"
    "CREATE TABLE tail(only INTEGER PRIMARY KEY CHECK(only = 1), rows INTEGER NOT NULL, sequence INTEGER NOT NULL) "
    "STRICT;"
    "INSERT INTO tail VALUES(1, 0, 0);"
    "PRAGMA application_id=1296845361; PRAGMA user_version=1;"
    "COMMIT;";
static_assert(kApplicationId == 1296845361 && SqliteJournal::kSchema == 1);

// Over everything that a row means, so that a row moved to another job or place is found too.
uint32_t CrcOf(int64_t sequence, absl::string_view job, int64_t job_row, absl::string_view body) {
  std::string head = absl::StrCat(sequence, "/", job, "/", job_row, "/");
  return Crc32c(body, Crc32c(head));
}

std::string NameOf(absl::string_view job, int64_t job_row) {
  return job.empty() ? absl::StrCat("row ", job_row, " of the coordinator's own")
                     : absl::StrCat("row ", job_row, " of job ", job);
}

absl::Status CheckSchema(Database& database) {
  MILLRACE_ASSIGN_OR_RETURN(int64_t version, database.Number("PRAGMA user_version"));
  MILLRACE_ASSIGN_OR_RETURN(int64_t application, database.Number("PRAGMA application_id"));
  MILLRACE_ASSIGN_OR_RETURN(int64_t tables, database.Number("SELECT count(*) FROM sqlite_schema"));
  if (tables == 0) return database.Execute(kSchemaSql);
  if (application != kApplicationId) {
    return absl::FailedPreconditionError(absl::StrCat(
        database.path(), " is another program's database, not a Millrace journal; use another data folder"));
  }
  if (version > SqliteJournal::kSchema) {
    return absl::FailedPreconditionError(
        absl::StrCat(database.path(), " was written by a newer Millrace (journal schema ", version, ", this one knows ",
                     SqliteJournal::kSchema, "); start the newer version, or use another data folder"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteJournal>> SqliteJournal::Open(const std::string& path) {
  MILLRACE_ASSIGN_OR_RETURN(Database database, Database::Open(path));
  MILLRACE_RETURN_IF_ERROR(database.Execute(kPragmas));
  MILLRACE_RETURN_IF_ERROR(CheckSchema(database));
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.Prepare("INSERT INTO journal(sequence, job, job_row, crc, body) VALUES(?, ?, ?, ?, ?)"));
  MILLRACE_ASSIGN_OR_RETURN(Statement remove, database.Prepare("DELETE FROM journal WHERE job = ?"));
  MILLRACE_ASSIGN_OR_RETURN(Statement set_tail, database.Prepare("UPDATE tail SET rows = ?, sequence = ?"));
  return std::unique_ptr<SqliteJournal>(
      new SqliteJournal(std::move(database), {std::move(insert), std::move(remove), std::move(set_tail)}));
}

SqliteJournal::SqliteJournal(Database database, Statements statements)
    : database_(std::move(database)), statements_(std::move(statements)) {}

absl::Status SqliteJournal::Remember(absl::Status status) {
  if (status_.ok()) status_ = Annotate(status, "the journal");
  return status_;
}

absl::Status SqliteJournal::Replay(const std::function<absl::Status(const Update&)>& visit) {
  MILLRACE_RETURN_IF_ERROR(status_);
  if (replayed_) return absl::FailedPreconditionError("the journal is replayed once, first");
  replayed_ = true;
  MILLRACE_RETURN_IF_ERROR(Remember(Read(visit)));
  return Remember(CheckTail());
}

absl::Status SqliteJournal::Read(const std::function<absl::Status(const Update&)>& visit) {
  MILLRACE_ASSIGN_OR_RETURN(tail_rows_, database_.Number("SELECT rows FROM tail"));
  MILLRACE_ASSIGN_OR_RETURN(tail_sequence_, database_.Number("SELECT sequence FROM tail"));
  MILLRACE_ASSIGN_OR_RETURN(
      Statement all, database_.Prepare("SELECT sequence, job, job_row, crc, body FROM journal ORDER BY sequence"));
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(bool row, all.Step());
    if (!row) return absl::OkStatus();
    absl::string_view job = all.Bytes(1), body = all.Bytes(4);
    int64_t job_row = all.Int(2);
    std::string name = absl::StrCat(database_.path(), ": sequence ", all.Int(0), ", ", NameOf(job, job_row));
    if (CrcOf(all.Int(0), job, job_row, body) != static_cast<uint32_t>(all.Int(3))) {
      return absl::DataLossError(absl::StrCat(name, ", is damaged (CRC32C); restore the data folder from a backup"));
    }
    int64_t& expected = job_rows_[job];
    if (job_row != expected) {
      return absl::DataLossError(absl::StrCat(name, ", comes where row ", expected, " must: rows between are missing"));
    }
    Update update;
    if (!update.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
      return absl::DataLossError(absl::StrCat(name, ", is not an update that this version can read"));
    }
    ++expected;
    ++rows_;
    sequence_ = all.Int(0);
    MILLRACE_RETURN_IF_ERROR(visit(update));
  }
}

absl::Status SqliteJournal::CheckTail() const {
  if (rows_ == tail_rows_ && sequence_ == tail_sequence_) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(database_.path(), ": ", rows_, " rows up to sequence ", sequence_,
                                          " were found, but ", tail_rows_, " up to ", tail_sequence_,
                                          " were written; restore the data folder from a backup"));
}

void SqliteJournal::Buffer(std::string job, const Update& update, bool archive) {
  int64_t& next = job_rows_[job];
  if (archive) {
    rows_ -= next;
    next = 0;
  }
  buffered_.push_back({++sequence_, std::move(job), next++, update.SerializeAsString(), archive});
  ++rows_;
}

absl::Status SqliteJournal::Append(const Update& update) {
  MILLRACE_RETURN_IF_ERROR(status_);
  if (!replayed_) return absl::FailedPreconditionError("the journal must be replayed before anything is appended");
  Buffer(JobIdOf(update), update, false);
  return absl::OkStatus();
}

absl::Status SqliteJournal::Archive(absl::string_view job_id, const Update& summary) {
  MILLRACE_RETURN_IF_ERROR(status_);
  if (!replayed_) return absl::FailedPreconditionError("the journal must be replayed before anything is archived");
  Buffer(std::string(job_id), summary, true);
  return absl::OkStatus();
}

absl::Status SqliteJournal::WriteRow(const Row& row) {
  if (row.archive) MILLRACE_RETURN_IF_ERROR(statements_.remove.BindText(1, row.job).Run());
  return statements_.insert.Bind(1, row.sequence)
      .BindText(2, row.job)
      .Bind(3, row.job_row)
      .Bind(4, CrcOf(row.sequence, row.job, row.job_row, row.body))
      .BindBlob(5, row.body)
      .Run();
}

absl::Status SqliteJournal::WriteBuffered() {
  MILLRACE_RETURN_IF_ERROR(database_.Execute("BEGIN IMMEDIATE"));
  for (const Row& row : buffered_) MILLRACE_RETURN_IF_ERROR(WriteRow(row));
  MILLRACE_RETURN_IF_ERROR(statements_.set_tail.Bind(1, rows_).Bind(2, sequence_).Run());
  return database_.Execute("COMMIT");
}

absl::Status SqliteJournal::Sync() {
  MILLRACE_RETURN_IF_ERROR(status_);
  if (buffered_.empty()) return absl::OkStatus();
  absl::Status written = WriteBuffered();
  buffered_.clear();
  // After a failed COMMIT nobody knows what the disk holds; closing the file ends the transaction, replay tells.
  return Remember(written);
}

}  // namespace millrace
