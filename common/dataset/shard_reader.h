// The records of one shard file in a store, and on request the digest of every byte on the way. Internal to
// common/dataset.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/hash.h"
#include "common/io/byte_buffer.h"
#include "common/io/byte_stream.h"
#include "common/record/record_reader.h"
#include "common/storage/storage.h"

namespace millrace {

enum class FileDigest {
  kNone,
  kAll,  // CRC32C and XXH3-128 of the file, to compare with its manifest: 4 % of the time of reading pixels
};

// A store's object from its first byte to its last, counted and hashed. One thread.
class DigestingSource : public ByteSource {
 public:
  DigestingSource(std::unique_ptr<Source> source, FileDigest digest) : source_(std::move(source)), digest_(digest) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t n) override;
  // Reads what is left, so that the digest covers the whole object.
  absl::Status Drain();

  int64_t size() const { return source_->size(); }
  int64_t position() const { return position_; }
  uint32_t crc32c() const { return crc32c_; }
  std::string xxh3_128() const { return xxh3_.Digest(); }

 private:
  const std::unique_ptr<Source> source_;
  const FileDigest digest_;
  int64_t position_ = 0;
  uint32_t crc32c_ = 0;
  Xxh3 xxh3_;
};

// Whether the name of a shard says that it is compressed.
bool IsGzipName(absl::string_view name);

// One shard, record by record; a gzip file must be one whole member. One thread.
class ShardReader {
 public:
  static absl::StatusOr<std::unique_ptr<ShardReader>> Open(const Store& store, absl::string_view path,
                                                           FileDigest digest);
  // As RecordReader::Next; the error has no file name.
  absl::StatusOr<bool> Next(ByteBuffer& record) { return records_.Next(record); }

  int64_t records() const { return records_.records(); }                      // read so far
  int64_t offset() const { return static_cast<int64_t>(records_.offset()); }  // of the next one
  DigestingSource& file() { return file_; }

 private:
  ShardReader(std::unique_ptr<Source> source, bool gzip, FileDigest digest);

  DigestingSource file_;
  const std::unique_ptr<ByteSource> stream_;  // over file_: inflated or buffered
  RecordReader records_;
};

}  // namespace millrace
