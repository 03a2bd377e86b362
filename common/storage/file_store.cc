#include "common/storage/file_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/storage/content_digest.h"
#include "common/storage/errno_status.h"
#include "common/storage/file_writer.h"
#include "common/storage/posix_file.h"

namespace millrace {
namespace {

constexpr absl::string_view kTemporaryPrefix = ".millrace-tmp-";

class OpenedFile : public Source {
 public:
  OpenedFile(absl::string_view path, Fd fd, int64_t size) : path_(path), fd_(std::move(fd)), size_(size) {}
  int64_t size() const override { return size_; }
  absl::Status ReadAt(int64_t offset, size_t n, char* buffer) const override {
    while (n > 0) {
      const ssize_t got = pread(fd_.get(), buffer, n, offset);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus(errno, path_);
      if (got == 0) return absl::OutOfRangeError(absl::StrCat(path_, ": ends at byte ", offset));
      buffer += got;
      offset += got;
      n -= static_cast<size_t>(got);
    }
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const Fd fd_;
  const int64_t size_;
};

bool SameInode(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

class FileStore : public Store {
 public:
  explicit FileStore(FileStoreOptions options) : options_(options) {}

  absl::StatusOr<std::unique_ptr<Source>> Open(absl::string_view path) const override;
  absl::StatusOr<std::string> Read(absl::string_view path, int64_t max_bytes) const override;
  absl::Status CreateExclusive(absl::string_view path, absl::string_view bytes) override;
  absl::StatusOr<std::unique_ptr<PreparedWriter>> Prepare(absl::string_view path, absl::string_view staging) override;
  absl::Status Publish(const PreparedFile& file) override;
  absl::Status Abort(const PreparedFile& file) override;
  absl::StatusOr<std::vector<StoreEntry>> List(absl::string_view folder) const override;
  absl::Status Remove(absl::string_view path) override;
  absl::Status RemoveTree(absl::string_view folder) override;

 private:
  // Of the final name. NOT_FOUND if it does not exist; anything but a regular file has no content.
  absl::StatusOr<bool> IsPublished(const PreparedFile& file) const;
  // Through a file without a name, so that a kill leaves nothing. UNIMPLEMENTED where there is no such thing.
  absl::Status CreateUnnamed(const std::string& path, absl::string_view bytes);
  absl::Status CreateNamed(const std::string& path, absl::string_view bytes);

  const FileStoreOptions options_;
};

absl::StatusOr<std::unique_ptr<Source>> FileStore::Open(absl::string_view path) const {
  MILLRACE_RETURN_IF_ERROR(CheckPath(path));
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  MILLRACE_ASSIGN_OR_RETURN(Fd fd, OpenFd(std::string(path), O_RDONLY | O_NONBLOCK));
  struct stat found;
  if (fstat(fd.get(), &found) != 0) return ErrnoStatus(errno, path);
  if (S_ISDIR(found.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, ": is a folder"));
  if (!S_ISREG(found.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, ": is not a regular file"));
  return std::make_unique<OpenedFile>(path, std::move(fd), found.st_size);
}

absl::StatusOr<std::string> FileStore::Read(absl::string_view path, int64_t max_bytes) const {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Source> source, Open(path));
  if (source->size() > max_bytes) {
    return absl::OutOfRangeError(
        absl::StrCat(path, ": has ", source->size(), " bytes, at most ", max_bytes, " allowed"));
  }
  std::string bytes(source->size(), '\0');
  MILLRACE_RETURN_IF_ERROR(source->ReadAt(0, bytes.size(), bytes.data()));
  return bytes;
}

absl::Status FileStore::CreateExclusive(absl::string_view path, absl::string_view bytes) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(path));
  const std::string name(path);
  MILLRACE_RETURN_IF_ERROR(MakeFolders(ParentFolder(name)));
  absl::Status created = CreateUnnamed(name, bytes);
  if (absl::IsUnimplemented(created)) created = CreateNamed(name, bytes);
  MILLRACE_RETURN_IF_ERROR(created);
  return SyncFolder(ParentFolder(name));
}

absl::Status FileStore::CreateUnnamed(const std::string& path, absl::string_view bytes) {
  if (!options_.use_links) return absl::UnimplementedError("");
  absl::StatusOr<Fd> fd = OpenFd(ParentFolder(path), O_TMPFILE | O_WRONLY);
  // EISDIR is what a kernel or file system without O_TMPFILE says: it sees a folder opened for writing.
  if (absl::IsInvalidArgument(fd.status())) return absl::UnimplementedError("");
  MILLRACE_RETURN_IF_ERROR(fd.status());
  MILLRACE_RETURN_IF_ERROR(WriteAll(fd->get(), bytes, path));
  MILLRACE_RETURN_IF_ERROR(SyncFile(fd->get(), path));
  const std::string self = absl::StrCat("/proc/self/fd/", fd->get());
  if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return absl::OkStatus();
  // Without /proc, or with links refused, the other way may still work.
  return errno == EEXIST ? ErrnoStatus(EEXIST, path) : absl::UnimplementedError("");
}

absl::Status FileStore::CreateNamed(const std::string& path, absl::string_view bytes) {
  std::random_device random;
  const std::string temporary =
      absl::StrCat(ParentFolder(path), "/", kTemporaryPrefix, absl::Hex(random()), absl::Hex(random()));
  MILLRACE_ASSIGN_OR_RETURN(Fd fd, OpenFd(temporary, O_WRONLY | O_CREAT | O_EXCL));
  absl::Status status = WriteAll(fd.get(), bytes, path);
  if (status.ok()) status = SyncFile(fd.get(), path);
  if (status.ok()) status = fd.Close(path);
  if (status.ok()) {
    if (const int error = LinkNoReplace(temporary, path, options_.use_links); error != 0)
      status = ErrnoStatus(error, path);
  }
  unlink(temporary.c_str());
  return status;
}

absl::StatusOr<std::unique_ptr<PreparedWriter>> FileStore::Prepare(absl::string_view path, absl::string_view staging) {
  return FileWriter::Create(path, staging, options_.write_back_bytes);
}

absl::StatusOr<bool> FileStore::IsPublished(const PreparedFile& file) const {
  struct stat published, prepared;
  if (stat(file.path().c_str(), &published) != 0) return ErrnoStatus(errno, file.path());
  if (lstat(file.staging().c_str(), &prepared) == 0 && SameInode(published, prepared)) return true;
  if (!S_ISREG(published.st_mode)) return false;
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Source> source, Open(file.path()));
  return HasContentOf(*source, file);
}

absl::Status FileStore::Publish(const PreparedFile& file) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(file.path()));
  MILLRACE_RETURN_IF_ERROR(CheckPath(file.staging()));
  struct stat prepared;
  if (lstat(file.staging().c_str(), &prepared) == 0) {
    if (!S_ISREG(prepared.st_mode) || prepared.st_size != file.size()) {
      return absl::DataLossError(
          absl::StrCat(file.staging(), ": has ", prepared.st_size, " bytes where ", file.size(), " were prepared"));
    }
    MILLRACE_RETURN_IF_ERROR(MakeFolders(ParentFolder(file.path())));
    const int error = LinkNoReplace(file.staging(), file.path(), options_.use_links);
    if (error == 0) return SyncFolder(ParentFolder(file.path()));
    if (error != EEXIST && error != ENOENT) return ErrnoStatus(error, file.path());
  } else if (errno != ENOENT) {
    return ErrnoStatus(errno, file.staging());
  }
  absl::StatusOr<bool> published = IsPublished(file);
  if (absl::IsNotFound(published.status())) {
    return absl::NotFoundError(
        absl::StrCat(file.path(), ": neither it nor its prepared bytes (", file.staging(), ") exist"));
  }
  MILLRACE_RETURN_IF_ERROR(published.status());
  // The link may have been made by a process that died before its fsync.
  if (*published) return SyncFolder(ParentFolder(file.path()));
  return absl::AlreadyExistsError(absl::StrCat(file.path(), ": exists with another content, and is not overwritten"));
}

absl::Status FileStore::Abort(const PreparedFile& file) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(file.path()));
  MILLRACE_RETURN_IF_ERROR(CheckPath(file.staging()));
  const absl::Status refused =
      absl::FailedPreconditionError(absl::StrCat(file.path(), ": is already published and cannot be aborted"));
  // Kept open, so that the inode number cannot be used anew before it is compared.
  absl::StatusOr<Fd> staged = OpenFd(file.staging(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat prepared, published;
  if (absl::IsNotFound(staged.status())) {
    absl::StatusOr<bool> visible = IsPublished(file);
    if (absl::IsNotFound(visible.status())) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(visible.status());
    return *visible ? refused : absl::OkStatus();
  }
  MILLRACE_RETURN_IF_ERROR(staged.status());
  if (fstat(staged->get(), &prepared) != 0) return ErrnoStatus(errno, file.staging());
  auto is_published = [&] { return stat(file.path().c_str(), &published) == 0 && SameInode(prepared, published); };
  if (is_published()) return refused;
  if (unlink(file.staging().c_str()) != 0 && errno != ENOENT) return ErrnoStatus(errno, file.staging());
  // A Publish in between has either linked before the unlink, and is seen here, or finds nothing to link.
  if (is_published()) return refused;
  return SyncFolder(ParentFolder(file.staging()));
}

absl::StatusOr<std::vector<StoreEntry>> FileStore::List(absl::string_view folder) const {
  MILLRACE_RETURN_IF_ERROR(CheckPath(folder));
  std::vector<StoreEntry> entries;
  absl::StatusOr<Fd> fd = OpenFd(std::string(folder), O_RDONLY | O_DIRECTORY);
  if (absl::IsNotFound(fd.status())) return entries;
  MILLRACE_RETURN_IF_ERROR(fd.status());
  std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(dup(fd->get())), closedir);
  if (stream == nullptr) return ErrnoStatus(errno, folder);
  for (errno = 0; const dirent* entry = readdir(stream.get()); errno = 0) {
    const absl::string_view name = entry->d_name;
    struct stat found;
    if (name == "." || name == ".." || IsTemporaryName(name)) continue;
    if (fstatat(fd->get(), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed meanwhile
      return ErrnoStatus(errno, absl::StrCat(folder, "/", name));
    }
    const bool is_folder = S_ISDIR(found.st_mode);
    entries.push_back({std::string(name), is_folder, is_folder ? 0 : found.st_size});
  }
  if (errno != 0) return ErrnoStatus(errno, folder);
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

absl::Status FileStore::Remove(absl::string_view path) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(path));
  const std::string name(path);
  if (unlink(name.c_str()) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return absl::OkStatus();
    const int error = errno;
    struct stat found;
    const bool is_folder = lstat(name.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
    if (!is_folder) return ErrnoStatus(error, path);
    if (rmdir(name.c_str()) != 0 && errno != ENOENT) return ErrnoStatus(errno, path);
  }
  // Durable, because callers remove in an order: "_SUCCESS" before what it vouches for.
  absl::Status synced = SyncFolder(ParentFolder(name));
  return absl::IsNotFound(synced) ? absl::OkStatus() : synced;
}

absl::Status FileStore::RemoveTree(absl::string_view folder) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(folder));
  std::error_code error;
  // A zombie may still be adding files: what fills up again while it is emptied is emptied again.
  for (int tries = 0; tries < 4; ++tries) {
    std::filesystem::remove_all(std::string(folder), error);  // unlinks symbolic links, never follows them
    if (!error) return absl::OkStatus();
    if (error.value() != ENOTEMPTY && error.value() != ENOENT) break;
  }
  if (error.value() == ENOTEMPTY) return absl::UnavailableError(absl::StrCat(folder, ": fills up while it is emptied"));
  return ErrnoStatus(error.value(), folder);
}

}  // namespace

std::unique_ptr<Store> MakeFileStore(FileStoreOptions options) { return std::make_unique<FileStore>(options); }

bool IsTemporaryName(absl::string_view name) { return absl::StartsWith(name, kTemporaryPrefix); }

}  // namespace millrace
