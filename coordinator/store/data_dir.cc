#include "coordinator/store/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/store/file_system.h"

namespace millrace {
namespace {

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, path);
    if (!S_ISDIR(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, " is not a folder"));
    return absl::OkStatus();
  }
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot create the data folder ", path));
}

absl::Status CheckFileSystem(const std::string& path, std::vector<std::string>& warnings) {
  MILLRACE_ASSIGN_OR_RETURN(FileSystemVerdict verdict, JudgeFileSystemOf(path));
  std::string words = absl::StrCat(path, " is on ", verdict.name, ": ", verdict.why);
  if (verdict.fitness == FileSystemFitness::kRefused) {
    return absl::FailedPreconditionError(absl::StrCat(words, "; use a folder on a local disk"));
  }
  if (verdict.fitness == FileSystemFitness::kDoubtful) warnings.push_back(std::move(words));
  return absl::OkStatus();
}

std::string PidIn(int lock) {
  char text[32] = {};
  ssize_t n = pread(lock, text, sizeof text - 1, 0);
  return std::string(absl::StripAsciiWhitespace(absl::string_view(text, n > 0 ? n : 0)));
}

absl::Status Held(const std::string& path, const std::string& pid) {
  std::string who = pid.empty() ? "another process" : absl::StrCat("process ", pid);
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is in use by ", who, ": a data folder belongs to one coordinator at a time"));
}

// The lock file is never removed: removing it would let a third process lock a new file beside the old one.
absl::StatusOr<int> TakeLock(const std::string& path) {
  std::string name = path + "/lock";
  int lock = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", name));
  absl::Status status;
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    status =
        errno == EWOULDBLOCK ? Held(path, PidIn(lock)) : absl::ErrnoToStatus(errno, absl::StrCat("cannot lock ", name));
  } else {
    std::string pid = absl::StrCat(getpid(), "\n");
    if (ftruncate(lock, 0) != 0 || pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
      status = absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", name));
    }
  }
  if (status.ok()) return lock;
  close(lock);
  return status;
}

}  // namespace

absl::StatusOr<DataDir> DataDir::Open(absl::string_view path) {
  if (path.empty()) return absl::InvalidArgumentError("the data folder has no name");
  std::error_code error;
  std::string folder = std::filesystem::absolute(std::string(path), error).lexically_normal();
  if (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  std::vector<std::string> warnings;
  MILLRACE_RETURN_IF_ERROR(MakeFolder(folder));
  MILLRACE_RETURN_IF_ERROR(CheckFileSystem(folder, warnings));
  MILLRACE_ASSIGN_OR_RETURN(int lock, TakeLock(folder));
  return DataDir(std::move(folder), lock, std::move(warnings));
}

DataDir::DataDir(std::string path, int lock, std::vector<std::string> warnings)
    : path_(std::move(path)), lock_(lock), warnings_(std::move(warnings)) {}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)), warnings_(std::move(other.warnings_)) {}

DataDir& DataDir::operator=(DataDir&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  std::swap(warnings_, other.warnings_);
  return *this;
}

DataDir::~DataDir() {
  if (lock_ >= 0) close(lock_);
}

absl::StatusOr<DiskSpace> DataDir::Free() const {
  struct statvfs info;
  if (statvfs(path_.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat(path_, ": statvfs"));
  auto unit = static_cast<int64_t>(info.f_frsize);
  return DiskSpace{static_cast<int64_t>(info.f_blocks) * unit, static_cast<int64_t>(info.f_bavail) * unit};
}

}  // namespace millrace
