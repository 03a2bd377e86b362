// Bytes in one direction, without a position: what codecs read from and write to, whatever lies behind (a prepared
// file, a store object, a string of a test). Not thread-safe: one owner each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Errors stick in the implementation: after one, every later call returns it.
  virtual absl::Status Append(absl::string_view bytes) = 0;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Up to `n` bytes into `buffer`; 0 means the end, and only that.
  virtual absl::StatusOr<size_t> Read(char* buffer, size_t n) = 0;
};

// Over bytes that the caller keeps.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(absl::string_view bytes) : rest_(bytes) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t n) override {
    n = std::min(n, rest_.size());
    std::memcpy(buffer, rest_.data(), n);
    rest_.remove_prefix(n);
    return n;
  }

 private:
  absl::string_view rest_;
};

class StringSink : public ByteSink {
 public:
  absl::Status Append(absl::string_view bytes) override {
    bytes_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// A file of the local disk, read once from its start. NOT_FOUND, PERMISSION_DENIED or UNAVAILABLE (I/O) name the path.
class FileSource : public ByteSource {
 public:
  static absl::StatusOr<FileSource> Open(absl::string_view path);
  FileSource(FileSource&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  FileSource& operator=(FileSource&&) = delete;
  ~FileSource() override;
  absl::StatusOr<size_t> Read(char* buffer, size_t n) override;

 private:
  FileSource(absl::string_view path, int fd) : path_(path), fd_(fd) {}
  std::string path_;
  int fd_;
};

}  // namespace millrace
