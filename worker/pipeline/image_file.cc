#include "worker/pipeline/image_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/byte_size.h"
#include "common/base/failpoint.h"

namespace millrace {
namespace {

constexpr int kTries = 3;

bool MayPass(int error) { return error == EIO || error == ESTALE || error == EAGAIN; }

// Runs `once`, which answers an errno value or 0, until it works, will not pass by itself, or has been tried enough.
template <typename Once>
int WithRetries(const std::stop_token& stop, Once once) {
  absl::Duration pause = absl::Milliseconds(50);
  for (int tries = 1;; ++tries, pause *= 2) {
    int error = once();
    if (error == 0 || !MayPass(error) || tries == kTries || stop.stop_requested()) return error;
    absl::SleepFor(pause);
  }
}

ImageError FromErrno(int error) {
  if (error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || error == ELOOP) {
    return {"file/not_found", error == ENOENT ? "" : std::strerror(error)};
  }
  if (error == EACCES || error == EPERM) return {"file/permission", std::strerror(error)};
  if (error == ENXIO || error == ENODEV) return {"file/not_regular", "a socket or device"};
  return {"file/io", std::strerror(error)};
}

std::optional<ImageError> CheckKind(mode_t mode, int64_t size) {
  if (S_ISDIR(mode)) return ImageError{"file/not_regular", "a folder"};
  if (S_ISFIFO(mode)) return ImageError{"file/not_regular", "a FIFO"};
  if (!S_ISREG(mode)) return ImageError{"file/not_regular", "a socket or device"};
  if (size == 0) return ImageError{"file/empty", ""};
  return std::nullopt;
}

std::string DescriptorPath(int fd) { return absl::StrCat("/proc/self/fd/", fd); }

// Where the open descriptor really is, after all links: nobody can swap a link between the check and the use.
bool IsBelow(int fd, const std::vector<std::string>& roots) {
  char real[PATH_MAX];
  const ssize_t n = readlink(DescriptorPath(fd).c_str(), real, sizeof real);
  if (n <= 0 || n == static_cast<ssize_t>(sizeof real)) return false;
  const absl::string_view path(real, static_cast<size_t>(n));
  for (const std::string& root : roots) {
    if (path == root || root == "/" || absl::StartsWith(path, absl::StrCat(root, "/"))) return true;
  }
  return false;
}

}  // namespace

std::optional<ImageError> ImageFile::Open(const std::string& path, const std::vector<std::string>& roots,
                                          std::stop_token stop) {
  if (path.find('\0') != std::string::npos) return ImageError{"file/not_found", "the path holds a NUL byte"};
  int error = WithRetries(stop, [&] { return OpenOnce(path, roots); });
  if (outside_) return ImageError{"file/root", "outside of every --file-root"};
  if (error != 0) return FromErrno(error);
  struct stat info;
  if (fstat(fd_, &info) != 0) return FromErrno(errno);
  size_ = info.st_size;
  return CheckKind(info.st_mode, size_);
}

int ImageFile::OpenOnce(const std::string& path, const std::vector<std::string>& roots) {
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Close();
  if (roots.empty()) {
    fd_ = open(path.c_str(), kFlags);
    return fd_ < 0 ? errno : 0;
  }
  const int place =
      open(path.c_str(), O_PATH | O_CLOEXEC);  // a name only: opens nothing, so nothing happens to a device
  if (place < 0) return errno;
  outside_ = !IsBelow(place, roots);
  if (!outside_) fd_ = open(DescriptorPath(place).c_str(), kFlags);
  const int error = outside_ ? EPERM : fd_ < 0 ? errno : 0;
  close(place);
  return error;
}

std::optional<ImageError> ImageFile::ReadStart(uint8_t* buffer, int64_t n, std::stop_token stop) {
  int error = WithRetries(stop, [&] { return ReadOnce(buffer, n); });
  if (error != 0) return FromErrno(error);
  if (read_ == n) return std::nullopt;
  return ImageError{"file/io", absl::StrCat("only ", WithThousands(read_), " of ", WithThousands(size_),
                                            " bytes could be read: it became shorter meanwhile")};
}

int ImageFile::ReadOnce(uint8_t* buffer, int64_t n) {
  read_ = 0;
  if (!Failpoint("write/try").ok()) return EIO;
  while (read_ < n) {
    const ssize_t got = pread(fd_, buffer + read_, static_cast<size_t>(n - read_), read_);
    if (got == 0) break;
    if (got > 0) read_ += got;
    if (got < 0 && errno != EINTR) return errno;
  }
  return 0;
}

void ImageFile::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace millrace
