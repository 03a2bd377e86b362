// CRC32C (Castagnoli) over ISA-L: the checksum of TFRecord frames and of whole shards. About 25 GB/s a core.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace millrace {

// CRC32C of `bytes`, or, given the CRC of what came before, of both together: Crc32c(b, Crc32c(a)) == Crc32c(a + b).
uint32_t Crc32c(absl::string_view bytes, uint32_t crc = 0);

// What TFRecord stores, so that a CRC over data that holds CRCs stays meaningful.
constexpr uint32_t MaskCrc32c(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

}  // namespace millrace
