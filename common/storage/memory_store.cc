#include "common/storage/memory_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"
#include "common/storage/content_digest.h"
#include "common/storage/posix_file.h"

namespace millrace {
namespace {

class MemoryObject : public Source {
 public:
  MemoryObject(absl::string_view path, std::shared_ptr<const std::string> bytes)
      : path_(path), bytes_(std::move(bytes)) {}
  int64_t size() const override { return static_cast<int64_t>(bytes_->size()); }
  absl::Status ReadAt(int64_t offset, size_t n, char* buffer) const override {
    if (offset < 0 || offset > size() || n > static_cast<size_t>(size() - offset)) {
      return absl::OutOfRangeError(absl::StrCat(path_, ": ends at byte ", size()));
    }
    std::memcpy(buffer, bytes_->data() + offset, n);
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const std::shared_ptr<const std::string> bytes_;
};

// "/a/b/" and "/a/b" are the same folder; what lies in it begins with "/a/b/".
std::string PrefixOf(absl::string_view folder) {
  while (absl::ConsumeSuffix(&folder, "/")) {
  }
  return absl::StrCat(folder, "/");
}

absl::Status Exists(absl::string_view path) {
  return absl::AlreadyExistsError(absl::StrCat(path, ": exists with another content, and is not overwritten"));
}

}  // namespace

class MemoryStore::Writer : public PreparedWriter {
 public:
  Writer(MemoryStore& store, absl::string_view path, absl::string_view staging)
      : store_(store), id_(store.BeginUpload(path, staging)) {
    file_.set_store("memory");
    file_.set_path(std::string(path));
    file_.set_staging(std::string(staging));
    file_.set_upload_id(id_);
  }
  ~Writer() override {
    if (!finished_) store_.Forget(id_);
  }

  absl::Status Append(absl::string_view bytes) override {
    if (!status_.ok()) return status_;
    digest_.Update(bytes);
    part_.append(bytes.data(), bytes.size());
    const auto limit = static_cast<size_t>(store_.options_.part_bytes);
    absl::string_view rest = part_;
    for (; rest.size() >= limit && status_.ok(); rest.remove_prefix(limit)) status_ = Send(rest.substr(0, limit));
    part_ = std::string(rest);
    return status_;
  }

  absl::StatusOr<PreparedFile> Finish() override {
    if (status_.ok() && finished_)
      status_ = absl::FailedPreconditionError(absl::StrCat(file_.path(), ": already finished"));
    if (status_.ok()) status_ = Send(part_);  // an object of no bytes is one empty part
    if (!status_.ok()) return status_;
    finished_ = true;
    digest_.Describe(file_);
    return file_;
  }

 private:
  absl::Status Send(absl::string_view part) {
    MILLRACE_ASSIGN_OR_RETURN(std::string tag, store_.AddPart(id_, part));
    file_.add_part_tags(std::move(tag));
    return absl::OkStatus();
  }

  MemoryStore& store_;
  const std::string id_;
  PreparedFile file_;
  ContentDigest digest_;
  std::string part_;
  bool finished_ = false;
  absl::Status status_;
};

MemoryStore::MemoryStore(MemoryStoreOptions options) : options_(options) {}

absl::StatusOr<MemoryStore::Bytes> MemoryStore::Find(absl::string_view path) const {
  MILLRACE_RETURN_IF_ERROR(CheckPath(path));
  MutexLock lock(&mu_);
  auto found = objects_.find(path);
  if (found == objects_.end()) return absl::NotFoundError(absl::StrCat(path, ": no such object"));
  return found->second;
}

absl::StatusOr<std::unique_ptr<Source>> MemoryStore::Open(absl::string_view path) const {
  MILLRACE_ASSIGN_OR_RETURN(Bytes bytes, Find(path));
  return std::make_unique<MemoryObject>(path, std::move(bytes));
}

absl::StatusOr<std::string> MemoryStore::Read(absl::string_view path, int64_t max_bytes) const {
  MILLRACE_ASSIGN_OR_RETURN(Bytes bytes, Find(path));
  if (static_cast<int64_t>(bytes->size()) > max_bytes) {
    return absl::OutOfRangeError(
        absl::StrCat(path, ": has ", bytes->size(), " bytes, at most ", max_bytes, " allowed"));
  }
  return *bytes;
}

absl::Status MemoryStore::CreateExclusive(absl::string_view path, absl::string_view bytes) {
  // Without a conditional create this look is all there is, and another caller may write between it and the next lines.
  if (Find(path).ok()) return absl::AlreadyExistsError(absl::StrCat(path, ": exists"));
  MILLRACE_RETURN_IF_ERROR(CheckPath(path));
  auto object = std::make_shared<const std::string>(bytes);
  MutexLock lock(&mu_);
  auto [entry, created] = objects_.try_emplace(std::string(path), object);
  if (created) return absl::OkStatus();
  if (options_.conditional_create) return absl::AlreadyExistsError(absl::StrCat(path, ": exists"));
  entry->second = object;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<PreparedWriter>> MemoryStore::Prepare(absl::string_view path,
                                                                     absl::string_view staging) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(path));
  return std::make_unique<Writer>(*this, path, staging);
}

absl::Status MemoryStore::Publish(const PreparedFile& file) {
  if (options_.conditional_create) return Complete(file, /*replace=*/false);
  // Looks first and writes then; the mutex is free in between, as the network is.
  absl::StatusOr<Bytes> found = Find(file.path());
  if (absl::IsNotFound(found.status())) return Complete(file, /*replace=*/true);
  MILLRACE_RETURN_IF_ERROR(found.status());
  return Xxh3Of(**found) == file.xxh3_128() ? absl::OkStatus() : Exists(file.path());
}

absl::Status MemoryStore::Complete(const PreparedFile& file, bool replace) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(file.path()));
  MutexLock lock(&mu_);
  auto object = objects_.find(file.path());
  if (object != objects_.end() && !replace) {
    return Xxh3Of(*object->second) == file.xxh3_128() ? absl::OkStatus() : Exists(file.path());
  }
  auto upload = uploads_.find(file.upload_id());
  if (upload == uploads_.end()) {
    return absl::NotFoundError(absl::StrCat(file.path(), ": neither it nor its upload ", file.upload_id(), " exist"));
  }
  const Upload& begun = upload->second;
  if (begun.path != file.path() ||
      !std::equal(begun.tags.begin(), begun.tags.end(), file.part_tags().begin(), file.part_tags().end())) {
    return absl::DataLossError(absl::StrCat(file.path(), ": upload ", file.upload_id(), " has other parts"));
  }
  objects_[file.path()] = std::make_shared<const std::string>(std::move(upload->second.bytes));
  uploads_.erase(upload);
  return absl::OkStatus();
}

absl::Status MemoryStore::Abort(const PreparedFile& file) {
  MutexLock lock(&mu_);
  if (uploads_.erase(file.upload_id()) > 0) return absl::OkStatus();
  auto object = objects_.find(file.path());
  if (object == objects_.end() || Xxh3Of(*object->second) != file.xxh3_128()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(file.path(), ": is already published and cannot be aborted"));
}

absl::StatusOr<std::vector<StoreEntry>> MemoryStore::List(absl::string_view folder) const {
  MILLRACE_RETURN_IF_ERROR(CheckPath(folder));
  const std::string prefix = PrefixOf(folder);
  std::map<std::string, StoreEntry> entries;
  MutexLock lock(&mu_);
  for (auto it = objects_.lower_bound(prefix); it != objects_.end() && absl::StartsWith(it->first, prefix); ++it) {
    const absl::string_view rest = absl::string_view(it->first).substr(prefix.size());
    const size_t slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    if (name.empty()) continue;
    const bool is_folder = slash != absl::string_view::npos;
    entries.try_emplace(name, StoreEntry{name, is_folder, is_folder ? 0 : static_cast<int64_t>(it->second->size())});
  }
  std::vector<StoreEntry> sorted;
  for (auto& [name, entry] : entries) sorted.push_back(std::move(entry));
  return sorted;
}

absl::Status MemoryStore::Remove(absl::string_view path) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(path));
  const std::string prefix = PrefixOf(path);
  MutexLock lock(&mu_);
  if (auto object = objects_.find(path); object != objects_.end()) {
    objects_.erase(object);
    return absl::OkStatus();
  }
  auto below = objects_.lower_bound(prefix);
  if (below == objects_.end() || !absl::StartsWith(below->first, prefix)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(path, ": folder is not empty"));
}

absl::Status MemoryStore::RemoveTree(absl::string_view folder) {
  MILLRACE_RETURN_IF_ERROR(CheckPath(folder));
  const std::string prefix = PrefixOf(folder);
  MutexLock lock(&mu_);
  auto it = objects_.lower_bound(prefix);
  while (it != objects_.end() && absl::StartsWith(it->first, prefix)) it = objects_.erase(it);
  std::erase_if(uploads_, [&](const auto& upload) { return absl::StartsWith(upload.second.staging, prefix); });
  return absl::OkStatus();
}

std::map<std::string, std::string> MemoryStore::Objects() const {
  std::map<std::string, std::string> objects;
  MutexLock lock(&mu_);
  for (const auto& [path, bytes] : objects_) objects[path] = *bytes;
  return objects;
}

int64_t MemoryStore::OpenUploads() const {
  MutexLock lock(&mu_);
  return static_cast<int64_t>(uploads_.size());
}

std::string MemoryStore::BeginUpload(absl::string_view path, absl::string_view staging) {
  MutexLock lock(&mu_);
  std::string id = absl::StrCat("upload-", next_upload_++);
  uploads_[id] = Upload{std::string(path), std::string(staging), {}, {}};
  return id;
}

absl::StatusOr<std::string> MemoryStore::AddPart(const std::string& id, absl::string_view bytes) {
  MutexLock lock(&mu_);
  auto upload = uploads_.find(id);
  if (upload == uploads_.end())
    return absl::UnavailableError(absl::StrCat("upload ", id, " was aborted while it was being written"));
  upload->second.bytes.append(bytes.data(), bytes.size());
  upload->second.tags.push_back(ToHex(Xxh3Of(bytes)));
  return upload->second.tags.back();
}

void MemoryStore::Forget(const std::string& id) {
  MutexLock lock(&mu_);
  uploads_.erase(id);
}

}  // namespace millrace
