// Size, CRC32C and XXH3-128 of a content: what a prepared handle carries, and how one content is told from another.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "common/base/hash.h"
#include "common/storage/storage.h"

namespace millrace {

// Running digest of appended bytes. One owner, one thread.
class ContentDigest {
 public:
  void Update(absl::string_view bytes);
  int64_t size() const { return size_; }
  // Sets size, crc32c and xxh3_128 of `file`.
  void Describe(PreparedFile& file) const;

 private:
  int64_t size_ = 0;
  uint32_t crc32c_ = 0;
  Xxh3 hash_;
};

// Whether `source` holds what `file` describes: size first, then every byte is read for its hash.
absl::StatusOr<bool> HasContentOf(const Source& source, const PreparedFile& file);

}  // namespace millrace
