// What a block holds, from a sample of about 8 KiB of it: one vector in thirty of a full block.
#pragma once

#include <array>
#include <cstdint>

#include "absl/types/span.h"
#include "common/deflate/pixel_tokens.h"

namespace millrace {

constexpr size_t kDistanceSymbols = 30;

// RFC 1951 §3.2.5.
struct DistanceSymbol {
  size_t symbol;
  uint32_t extra_bits;
  uint32_t extra;
};
DistanceSymbol ForDistance(size_t distance);

struct PixelStatistics {
  std::array<uint32_t, 256> literals = {};
  std::array<uint32_t, 3> matches = {};                   // by MatchLength
  std::array<uint32_t, kDistanceSymbols> distances = {};  // 1 or more for each symbol that may occur
  uint32_t bytes = 0;                                     // sampled

  // The stretches cover the block, in order. `group`: kTextGroup or kRawGroup.
  static PixelStatistics Sample(absl::Span<const uint8_t> block, absl::Span<const Stretch> stretches, size_t group);
};

}  // namespace millrace
