// Store: where datasets live (a file system, later an object store), seen as names with bytes. Everything that a job
// makes visible goes through Prepare → Publish, so that a half-written file can never be seen under its final name.
//
// Names are absolute paths without a scheme ("/data/out/train-00000-of-00004.tfrecord.gz"); folders need not exist
// before. Every method is thread-safe. Errors name the path: NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED,
// RESOURCE_EXHAUSTED (disk full), UNAVAILABLE (may pass by itself), DATA_LOSS (the bytes are not what they must be).
// One conformance suite runs on every store: tests/common/storage/store_conformance.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/task.pb.h"

namespace millrace {

// An open object of fixed size. Thread-safe: reads carry their offset.
class Source {
 public:
  virtual ~Source() = default;
  virtual int64_t size() const = 0;
  // Fills buffer[0, n) from `offset`; OUT_OF_RANGE if the object ends before offset + n.
  virtual absl::Status ReadAt(int64_t offset, size_t n, char* buffer) const = 0;
};

// Bytes on their way to a prepared file. One thread. Destroyed without Finish(): nothing is left behind.
class PreparedWriter {
 public:
  virtual ~PreparedWriter() = default;
  // Errors stick: after one, Append and Finish return it.
  virtual absl::Status Append(absl::string_view bytes) = 0;
  // Makes all bytes durable and still invisible. The handle has size, CRC32C and XXH3-128 of what was appended.
  virtual absl::StatusOr<PreparedFile> Finish() = 0;
};

struct StoreEntry {
  std::string name;  // last path component
  bool folder = false;
  int64_t size = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual absl::StatusOr<std::unique_ptr<Source>> Open(absl::string_view path) const = 0;
  // The whole object; OUT_OF_RANGE if it is larger than max_bytes.
  virtual absl::StatusOr<std::string> Read(absl::string_view path, int64_t max_bytes) const = 0;
  // Creates a small object with these bytes, durably, or answers ALREADY_EXISTS. Never leaves a partial object.
  virtual absl::Status CreateExclusive(absl::string_view path, absl::string_view bytes) = 0;

  // Starts bytes that Publish will make visible as `path`. `staging` is a name no other attempt uses (it carries the
  // lease epoch); stores that need none ignore it.
  virtual absl::StatusOr<std::unique_ptr<PreparedWriter>> Prepare(absl::string_view path,
                                                                  absl::string_view staging) = 0;
  // Idempotent: OK if `path` already has this content. ALREADY_EXISTS if it has another; NOT_FOUND if neither the final
  // name nor the prepared bytes exist. Never overwrites. Durable when it returns.
  virtual absl::Status Publish(const PreparedFile& file) = 0;
  // OK means destroyed: this handle can never become visible any more. FAILED_PRECONDITION if it is already published.
  virtual absl::Status Abort(const PreparedFile& file) = 0;

  // One level below `folder`, by name. Empty if the folder does not exist.
  virtual absl::StatusOr<std::vector<StoreEntry>> List(absl::string_view folder) const = 0;
  // OK if nothing is there. Remove takes one object, or a folder with nothing in it (FAILED_PRECONDITION if there is);
  // RemoveTree everything below and the folder itself, and uploads begun there.
  virtual absl::Status Remove(absl::string_view path) = 0;
  virtual absl::Status RemoveTree(absl::string_view folder) = 0;
};

}  // namespace millrace
