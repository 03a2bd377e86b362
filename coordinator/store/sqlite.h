// The little of SQLite's C interface that our stores need, with its errors as statuses made for people. sqlite3.h stays
// in sqlite.cc.
//
// Database and Statement: one owner, one thread at a time. A Statement must not outlive its Database.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace millrace {

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1 and keep their value until bound again. The bytes must live until Run or Step has ended.
  Statement& Bind(int parameter, int64_t value);
  Statement& BindText(int parameter, absl::string_view value);
  Statement& BindBlob(int parameter, absl::string_view value);

  // Runs to the end, whatever rows it gives, and makes the statement ready to run again.
  absl::Status Run();
  // The next row: true; no more: false, and the statement is ready to run again.
  absl::StatusOr<bool> Step();
  // Columns of the current row, from 0. Views live until the next Step.
  int64_t Int(int column) const;
  absl::string_view Bytes(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* statement, std::string path) : statement_(statement), path_(std::move(path)) {}
  absl::Status Error(int code);

  sqlite3_stmt* statement_ = nullptr;
  std::string path_;
  int bind_error_ = 0;
};

// RESOURCE_EXHAUSTED: disk full. UNAVAILABLE: another process holds a lock, or the disk answered with an error.
// DATA_LOSS: damaged, or not a SQLite file. PERMISSION_DENIED: may not be read or written. All name the file.
class Database {
 public:
  // Creates the file (mode 0600 under the process's umask) if it is not there.
  static absl::StatusOr<Database> Open(const std::string& path);
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  // One or more statements without parameters and without interest in rows.
  absl::Status Execute(const char* sql);
  absl::StatusOr<Statement> Prepare(absl::string_view sql);
  // The single number that a query answers ("PRAGMA user_version").
  absl::StatusOr<int64_t> Number(absl::string_view sql);
  const std::string& path() const { return path_; }

 private:
  Database(sqlite3* database, std::string path) : database_(database), path_(std::move(path)) {}

  sqlite3* database_ = nullptr;
  std::string path_;
};

}  // namespace millrace
