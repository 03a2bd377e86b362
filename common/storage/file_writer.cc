#include "common/storage/file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/storage/errno_status.h"

namespace millrace {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

// Another attempt's clean-up may remove empty folders between our mkdir and our open: then both are tried again.
absl::StatusOr<Fd> CreateStaging(const std::string& staging) {
  absl::StatusOr<Fd> fd;
  for (int tries = 0; tries < 4; ++tries) {
    MILLRACE_RETURN_IF_ERROR(MakeFolders(ParentFolder(staging)));
    unlink(staging.c_str());
    fd = OpenFd(staging, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd.ok() || !absl::IsNotFound(fd.status())) break;
  }
  return fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileWriter>> FileWriter::Create(absl::string_view path, absl::string_view staging,
                                                               int64_t write_back_bytes) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(path));
  MILLRACE_RETURN_IF_ERROR(CheckPath(staging));
  MILLRACE_ASSIGN_OR_RETURN(Fd fd, CreateStaging(std::string(staging)));
  return std::unique_ptr<FileWriter>(new FileWriter(path, staging, write_back_bytes, std::move(fd)));
}

FileWriter::FileWriter(absl::string_view path, absl::string_view staging, int64_t write_back_bytes, Fd fd)
    : path_(path), staging_(staging), write_back_bytes_(write_back_bytes), fd_(std::move(fd)) {}

FileWriter::~FileWriter() {
  if (!finished_ && CheckStillNamed().ok()) unlink(staging_.c_str());
}

absl::Status FileWriter::Append(absl::string_view bytes) {
  if (!status_.ok()) return status_;
  digest_.Update(bytes);
  const bool large = bytes.size() > kBufferBytes / 2;  // not worth a copy; what came before it goes first
  if (large || buffer_.size() + bytes.size() > kBufferBytes) status_ = Flush();
  if (!status_.ok()) return status_;
  if (large) return status_ = Write(bytes);
  buffer_.append(bytes.data(), bytes.size());
  return status_;
}

absl::Status FileWriter::Flush() {
  MILLRACE_RETURN_IF_ERROR(Write(buffer_));
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status FileWriter::Write(absl::string_view bytes) {
  MILLRACE_RETURN_IF_ERROR(WriteAll(fd_.get(), bytes, staging_));
  written_ += static_cast<int64_t>(bytes.size());
  if (write_back_bytes_ > 0 && written_ - write_back_begun_ >= write_back_bytes_) {
    // Only a hint: a file system without it (EINVAL, ESPIPE) writes everything at the fsync.
    (void)sync_file_range(fd_.get(), write_back_begun_, written_ - write_back_begun_, SYNC_FILE_RANGE_WRITE);
    write_back_begun_ = written_;
  }
  return absl::OkStatus();
}

absl::Status FileWriter::CheckStillNamed() const {
  struct stat open_file, named;
  if (fstat(fd_.get(), &open_file) != 0) return ErrnoStatus(errno, staging_);
  if (lstat(staging_.c_str(), &named) == 0 && named.st_ino == open_file.st_ino && named.st_dev == open_file.st_dev) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat(staging_, ": was removed while it was being written"));
}

absl::StatusOr<PreparedFile> FileWriter::Finish() {
  if (status_.ok() && finished_) status_ = absl::FailedPreconditionError(absl::StrCat(staging_, ": already finished"));
  if (status_.ok()) status_ = Flush();
  if (status_.ok()) status_ = SyncFile(fd_.get(), staging_);
  if (status_.ok()) status_ = CheckStillNamed();
  if (status_.ok()) status_ = SyncFolder(ParentFolder(staging_));
  if (!status_.ok()) return status_;
  finished_ = true;
  PreparedFile file;
  file.set_store("file");
  file.set_path(path_);
  file.set_staging(staging_);
  digest_.Describe(file);
  // The file is synced: what close could still report cannot concern its bytes.
  (void)fd_.Close(staging_);
  return file;
}

}  // namespace millrace
