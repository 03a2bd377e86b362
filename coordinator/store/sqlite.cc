#include "coordinator/store/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

constexpr int kBusyMilliseconds = 500;  // a backup or an operator's sqlite3 may look in for a moment

bool OutOfSpace(int system_errno) { return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG; }

absl::Status DiskFull(absl::string_view what) {
  return absl::ResourceExhaustedError(absl::StrCat(what, ": no space left on the disk; free some and start again"));
}

absl::Status IoError(absl::string_view what, int system_errno) {
  if (OutOfSpace(system_errno)) return DiskFull(what);
  absl::string_view why = system_errno == 0 ? "input/output error" : std::strerror(system_errno);
  return absl::UnavailableError(absl::StrCat(what, ": the disk answered: ", why));
}

// `database` is where SQLite keeps the details of its last error; may be null.
absl::Status ToStatus(int code, sqlite3* database, const std::string& path) {
  std::string details = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  int system_errno = database != nullptr ? sqlite3_system_errno(database) : 0;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return DiskFull(path);
    case SQLITE_IOERR:
      return IoError(path, system_errno);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(absl::StrCat(path, ": another process holds a lock on it (", details, ")"));
    case SQLITE_CORRUPT:
      return absl::DataLossError(absl::StrCat(path, " is damaged (", details, ")"));
    case SQLITE_NOTADB:
      return absl::DataLossError(absl::StrCat(path, " is not a SQLite file, or its beginning is damaged"));
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(absl::StrCat(path, " may not be written (", details, ")"));
    case SQLITE_CANTOPEN:
      if (OutOfSpace(system_errno)) return DiskFull(path);
      return absl::PermissionDeniedError(absl::StrCat(
          path, " cannot be opened (", system_errno == 0 ? details : std::string(std::strerror(system_errno)), ")"));
    default:
      return absl::InternalError(absl::StrCat(path, ": SQLite: ", details));
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      path_(std::move(other.path_)),
      bind_error_(other.bind_error_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(path_, other.path_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::Bind(int parameter, int64_t value) {
  bind_error_ |= sqlite3_bind_int64(statement_, parameter, value);
  return *this;
}

Statement& Statement::BindText(int parameter, absl::string_view value) {
  const char* text = value.empty() ? "" : value.data();  // a null pointer would bind NULL
  bind_error_ |= sqlite3_bind_text64(statement_, parameter, text, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(int parameter, absl::string_view value) {
  const char* bytes = value.empty() ? "" : value.data();
  bind_error_ |= sqlite3_bind_blob64(statement_, parameter, bytes, value.size(), SQLITE_STATIC);
  return *this;
}

absl::Status Statement::Error(int code) {
  sqlite3* database = sqlite3_db_handle(statement_);
  absl::Status status = ToStatus(code, database, path_);
  sqlite3_reset(statement_);
  return status;
}

absl::Status Statement::Run() {
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_error_ != 0) return Error(std::exchange(bind_error_, 0));
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) return Error(code);
  sqlite3_reset(statement_);
  return false;
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

absl::string_view Statement::Bytes(int column) const {
  auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return absl::string_view(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

absl::StatusOr<Database> Database::Open(const std::string& path) {
  sqlite3* handle = nullptr;
  // NOMUTEX: one thread at a time, by contract.
  int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(handle, path);  // SQLite gives a handle even with an error, and it must be closed
  if (code != SQLITE_OK) return ToStatus(code, handle, path);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  return database;
}

Database::Database(Database&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)), path_(std::move(other.path_)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(path_, other.path_);
  return *this;
}

Database::~Database() { sqlite3_close_v2(database_); }

absl::Status Database::Execute(const char* sql) {
  int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ToStatus(code, database_, path_);
}

absl::StatusOr<Statement> Database::Prepare(absl::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return ToStatus(code, database_, path_);
  return Statement(statement, path_);
}

absl::StatusOr<int64_t> Database::Number(absl::string_view sql) {
  MILLRACE_ASSIGN_OR_RETURN(Statement query, Prepare(sql));
  MILLRACE_ASSIGN_OR_RETURN(bool row, query.Step());
  if (!row) return absl::InternalError(absl::StrCat(path_, ": ", sql, " answered nothing"));
  return query.Int(0);
}

}  // namespace millrace
