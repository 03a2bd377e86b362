#include "common/io/byte_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

absl::Status ErrnoStatus(int error, absl::string_view path) {
  std::string text = absl::StrCat(path, ": ", std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(text);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(text);
  return absl::UnavailableError(text);
}

}  // namespace

absl::StatusOr<FileSource> FileSource::Open(absl::string_view path) {
  std::string name(path);
  int fd = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path);
  return FileSource(path, fd);
}

FileSource::~FileSource() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<size_t> FileSource::Read(char* buffer, size_t n) {
  for (;;) {
    ssize_t got = read(fd_, buffer, n);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return ErrnoStatus(errno, path_);
  }
}

}  // namespace millrace
