// The few system calls of the file store, with statuses instead of error numbers. For this folder's sources.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  // Closes and tells what close() said: on NFS it is where a write's error may first appear. `path` names it.
  absl::Status Close(absl::string_view path);

 private:
  int fd_ = -1;
};

// INVALID_ARGUMENT unless `path` is absolute and has no NUL.
absl::Status CheckPath(absl::string_view path);
// "/a/b/c" → "/a/b"; "/a" and "/" → "/".
std::string ParentFolder(absl::string_view path);

absl::StatusOr<Fd> OpenFd(const std::string& path, int flags);
absl::Status WriteAll(int fd, absl::string_view bytes, absl::string_view path);
absl::Status SyncFile(int fd, absl::string_view path);
// Makes names created in or removed from `folder` durable.
absl::Status SyncFolder(const std::string& folder);
// mkdir -p; every level that it creates is durable.
absl::Status MakeFolders(const std::string& folder);
// Gives `existing` the name `name` too, or instead; never replaces. 0 or an errno value. With use_links false, or where
// the file system refuses links, by renameat2(RENAME_NOREPLACE): `existing` is gone then.
int LinkNoReplace(const std::string& existing, const std::string& name, bool use_links);

}  // namespace millrace
