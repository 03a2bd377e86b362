// DataDir: the one folder in which a coordinator keeps what must survive it. Opening it makes sure that this process
// alone uses it and that its file system keeps the promises of fsync and locks.
//
//   DIR/            0700: the journal holds users' paths
//     lock          flock(2)ed for as long as the process lives; holds its pid, for the message to a second one
//     journal.db    SqliteJournal (with -wal and -shm beside it)
//
// Movable, one owner. The lock goes with the object, and with the process however it dies. Free() is thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

struct DiskSpace {
  int64_t total_bytes = 0;
  int64_t free_bytes = 0;  // for a user who is not root
  double FreeFraction() const { return total_bytes > 0 ? double(free_bytes) / double(total_bytes) : 0; }
};

class DataDir {
 public:
  // Creates the folder if it is not there (its parents too). FAILED_PRECONDITION: another process holds it (the message
  // names it), it is a file, or it lies on a network file system; PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAVAILABLE:
  // as the system said.
  static absl::StatusOr<DataDir> Open(absl::string_view path);

  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&& other) noexcept;
  ~DataDir();

  const std::string& path() const { return path_; }
  std::string journal_path() const { return path_ + "/journal.db"; }
  // What an operator should know, as sentences (an unusual file system, say). Usually empty.
  const std::vector<std::string>& warnings() const { return warnings_; }
  absl::StatusOr<DiskSpace> Free() const;

 private:
  DataDir(std::string path, int lock, std::vector<std::string> warnings);

  std::string path_;
  int lock_ = -1;
  std::vector<std::string> warnings_;
};

}  // namespace millrace
