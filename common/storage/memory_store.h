// A store in memory without POSIX habits, as an object store is one: no folders, no rename, no staging paths. Prepared
// bytes are an upload with an id and one tag a part; completing it makes the object. For the simulator, and for tests
// that a caller relies on nothing but the Store contract. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/storage/storage.h"

namespace millrace {

struct MemoryStoreOptions {
  // The store can create "only if absent" in one step (S3 If-None-Match, GCS ifGenerationMatch=0). Without it Publish
  // and CreateExclusive look first and write then, so two callers in the same instant may both write: the later one
  // stays. docs/storage.md says what a job may still rely on.
  bool conditional_create = true;
  int64_t part_bytes = int64_t{1} << 20;  // size of an upload's parts
};

class MemoryStore : public Store {
 public:
  explicit MemoryStore(MemoryStoreOptions options = {});

  absl::StatusOr<std::unique_ptr<Source>> Open(absl::string_view path) const override;
  absl::StatusOr<std::string> Read(absl::string_view path, int64_t max_bytes) const override;
  absl::Status CreateExclusive(absl::string_view path, absl::string_view bytes) override;
  absl::StatusOr<std::unique_ptr<PreparedWriter>> Prepare(absl::string_view path, absl::string_view staging) override;
  absl::Status Publish(const PreparedFile& file) override;
  absl::Status Abort(const PreparedFile& file) override;
  absl::StatusOr<std::vector<StoreEntry>> List(absl::string_view folder) const override;
  absl::Status Remove(absl::string_view path) override;
  absl::Status RemoveTree(absl::string_view folder) override;

  // For checkers: every visible object by path, and how many uploads are neither completed nor aborted.
  std::map<std::string, std::string> Objects() const;
  int64_t OpenUploads() const;

 private:
  class Writer;
  using Bytes = std::shared_ptr<const std::string>;
  struct Upload {
    std::string path;
    std::string staging;
    std::vector<std::string> tags;
    std::string bytes;
  };

  absl::StatusOr<Bytes> Find(absl::string_view path) const;
  absl::Status Complete(const PreparedFile& file, bool replace);
  std::string BeginUpload(absl::string_view path, absl::string_view staging);
  absl::StatusOr<std::string> AddPart(const std::string& id, absl::string_view bytes);
  void Forget(const std::string& id);

  const MemoryStoreOptions options_;
  mutable Mutex mu_;
  std::map<std::string, Bytes, std::less<>> objects_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Upload, std::less<>> uploads_ ABSL_GUARDED_BY(mu_);
  int64_t next_upload_ ABSL_GUARDED_BY(mu_) = 1;
};

}  // namespace millrace
