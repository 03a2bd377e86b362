// Inflates a gzip stream piece by piece over ISA-L (twice zlib's speed on base64 of photographs), and trusts nothing:
// every member's CRC32 and size are checked (TensorFlow accepts a file that lost its trailer). Memory: 256 KiB,
// whatever the ratio. Read in pieces of 256 KiB or more: below 64 KiB the output is copied once more.
#pragma once

#include <cstdint>
#include <memory>

#include "common/io/byte_stream.h"

namespace millrace {

enum class GzipMembers {
  kOne,   // exactly one; anything behind it is DATA_LOSS. What Millrace writes
  kMany,  // at least one, as gzip(1) reads: for users' inputs (concatenated .csv.gz)
};

// Errors: DATA_LOSS "gzip: …" with the offset in the compressed stream (not gzip, cut off, wrong CRC, bytes behind the
// member); errors of `source` as they are. Errors stick. An empty `source` is DATA_LOSS.
class GzipReader : public ByteSource {
 public:
  explicit GzipReader(ByteSource& source, GzipMembers members = GzipMembers::kOne);  // borrows `source`
  ~GzipReader() override;
  absl::StatusOr<size_t> Read(char* buffer, size_t n) override;

  int64_t compressed_bytes() const;  // consumed so far

 private:
  struct Inflater;
  absl::Status Step();
  absl::Status Refill();
  absl::Status StartMember();
  absl::Status ReadHeader();
  absl::StatusOr<uint8_t> HeaderByte();
  absl::Status SkipText();
  absl::Status EndMember();
  absl::Status Fail(absl::string_view what);

  ByteSource& source_;
  const GzipMembers members_;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace millrace
