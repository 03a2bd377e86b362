// Inflates a gzip stream piece by piece, and trusts nothing: every member's CRC32 and size are checked here (TensorFlow
// accepts a file that lost its trailer). Memory: 128 KiB, whatever the ratio.
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
  absl::Status Refill();
  absl::StatusOr<bool> NextMember();
  absl::Status Fail(absl::string_view what);

  ByteSource& source_;
  const GzipMembers members_;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace millrace
