#include "common/storage/posix_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/storage/errno_status.h"

namespace millrace {

Fd::~Fd() {
  if (ok()) close(fd_);
}

absl::Status Fd::Close(absl::string_view path) {
  return close(std::exchange(fd_, -1)) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path);
}

absl::Status CheckPath(absl::string_view path) {
  if (!absl::StartsWith(path, "/")) {
    return absl::InvalidArgumentError(absl::StrCat("'", path, "' is not an absolute path"));
  }
  if (absl::StrContains(path, '\0')) return absl::InvalidArgumentError(absl::StrCat(path, ": a NUL byte in a path"));
  return absl::OkStatus();
}

std::string ParentFolder(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos || slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

absl::StatusOr<Fd> OpenFd(const std::string& path, int flags) {
  while (true) {
    const int fd = open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (fd >= 0) return Fd(fd);
    if (errno != EINTR) return ErrnoStatus(errno, path);
  }
}

absl::Status WriteAll(int fd, absl::string_view bytes, absl::string_view path) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status SyncFile(int fd, absl::string_view path) {
  // Not retried: after a failed fsync the kernel has dropped the dirty pages, and a second one would lie.
  return fsync(fd) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path);
}

absl::Status SyncFolder(const std::string& folder) {
  MILLRACE_ASSIGN_OR_RETURN(Fd fd, OpenFd(folder, O_RDONLY | O_DIRECTORY));
  // Some FUSE and network mounts know no fsync of folders; there is nothing better to call on them.
  if (fsync(fd.get()) != 0 && errno != EINVAL && errno != EOPNOTSUPP) return ErrnoStatus(errno, folder);
  return absl::OkStatus();
}

absl::Status MakeFolders(const std::string& folder) {
  // Tries the deepest first: nearly always it exists, or only the last level is missing.
  if (mkdir(folder.c_str(), 0777) == 0) return SyncFolder(ParentFolder(folder));
  if (errno == ENOENT && folder != "/") {
    MILLRACE_RETURN_IF_ERROR(MakeFolders(ParentFolder(folder)));
    if (mkdir(folder.c_str(), 0777) == 0) return SyncFolder(ParentFolder(folder));
  }
  const int error = errno;
  struct stat found;
  if (stat(folder.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(folder, ": exists and is not a folder"));
  }
  return ErrnoStatus(error, folder);
}

int LinkNoReplace(const std::string& existing, const std::string& name, bool use_links) {
  if (use_links) {
    if (link(existing.c_str(), name.c_str()) == 0) return 0;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
  }
  return renameat2(AT_FDCWD, existing.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
}

}  // namespace millrace
