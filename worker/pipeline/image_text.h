// The image feature's bytes on their way into the stream: pixels in pieces of any size → base64url, written straight
// into the compressor's block, and its CRC32C. What lies in memory is the block, never the text.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/io/block_writer.h"

namespace millrace {

// One image. One thread. Errors of `out` stick there.
class ImageText {
 public:
  // `crc`: of what comes before the image in its record.
  ImageText(BlockWriter& out, uint32_t crc) : out_(out), crc_(crc) {}

  absl::Status Append(absl::Span<const uint8_t> pixels);
  // Writes the last group, with padding; returns OK exactly when all text is in `out`.
  absl::Status Finish();

  uint32_t crc() const { return crc_; }

 private:
  absl::Status AppendGroups(absl::Span<const uint8_t>& pixels);
  absl::Status AppendGroup(const uint8_t* bytes, size_t n);

  BlockWriter& out_;
  uint32_t crc_;
  uint8_t carry_[3] = {};
  size_t carried_ = 0;  // bytes of the next group of three
};

}  // namespace millrace
