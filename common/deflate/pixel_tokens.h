// How a stretch of the stream becomes literals and matches: the one definition that the statistics, the scalar kernel
// and the vector kernels share. docs/pixel_deflate.md describes it.
//
// The stretch is cut into groups of four bytes (in base64 text: one RGB pixel) and vectors of sixteen groups. A group
// is "same" if it equals the four bytes before it, and "above" if it equals the four bytes one image row before it. A
// vector whose groups are all same (or else all above) is one match of 64 bytes. Otherwise pairs of groups: both same
// is a match of 8, else both above, else each group alone: same is a match of 4, else above, else four literals. A
// match never reaches before the block, and this is decided once for a whole vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace {

constexpr size_t kGroup = 4;
constexpr size_t kVectorGroups = 16;
constexpr size_t kVector = kGroup * kVectorGroups;
constexpr size_t kMaxDistance = 32768;

// A part of a block in which the distance to the pixel above is the same. Offsets in the block.
struct Stretch {
  size_t begin = 0;
  size_t end = 0;
  size_t row = 0;  // bytes from a pixel to the one below it; 0: no row above, or too far away
};

enum MatchLength { kMatch4, kMatch8, kMatch64 };
enum MatchKind { kSame, kAbove };

// Bit g: group g equals the one `distance` bytes before.
inline uint32_t EqualGroups(const uint8_t* at, size_t groups, size_t distance) {
  uint32_t equal = 0;
#if defined(__SSE2__)
  if (groups == kVectorGroups) {
    for (size_t q = 0; q < kVector; q += sizeof(__m128i)) {
      const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + q));
      const __m128i there = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + q - distance));
      const int four = _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(here, there)));
      equal |= static_cast<uint32_t>(four) << q / kGroup;
    }
    return equal;
  }
#endif
  for (size_t g = 0; g < groups; ++g) {
    uint32_t here, there;
    std::memcpy(&here, at + kGroup * g, sizeof here);
    std::memcpy(&there, at + kGroup * g - distance, sizeof there);
    equal |= uint32_t{here == there} << g;
  }
  return equal;
}

// Up to a vector of whole groups at block[at]. `token` has Match(MatchKind, MatchLength) and Group(const uint8_t*).
template <class Token>
[[gnu::always_inline]] inline void ParseVector(const uint8_t* block, size_t at, size_t groups, size_t row,
                                               Token& token) {
  constexpr uint32_t kAll = (1U << kVectorGroups) - 1;
  const uint8_t* p = block + at;
  const uint32_t same = at >= kGroup ? EqualGroups(p, groups, kGroup) : 0;
  if (same == kAll) return token.Match(kSame, kMatch64);
  const uint32_t above = row != 0 && at >= row ? EqualGroups(p, groups, row) : 0;
  if (above == kAll) return token.Match(kAbove, kMatch64);
  for (size_t g = 0; g < groups; g += 2) {
    if (g + 1 < groups && (same >> g & 3) == 3) {
      token.Match(kSame, kMatch8);
      continue;
    }
    if (g + 1 < groups && (above >> g & 3) == 3) {
      token.Match(kAbove, kMatch8);
      continue;
    }
    for (size_t k = g; k < g + 2 && k < groups; ++k) {
      if ((same >> k & 1) != 0) {
        token.Match(kSame, kMatch4);
      } else if ((above >> k & 1) != 0) {
        token.Match(kAbove, kMatch4);
      } else {
        token.Group(p + kGroup * k);
      }
    }
  }
}

}  // namespace millrace
