// How a stretch of the stream becomes literals and matches: the one definition that the statistics, the scalar kernel
// and the vector kernels share. docs/pixel_deflate.md describes it.
//
// The stretch is cut into groups, the bytes of one RGB pixel (four of base64 text, three of raw pixels), and vectors of
// sixteen groups. A group is "same" if it equals the group before it, and "above" if it equals the bytes one image row
// before it. A vector whose groups are all same (or else all above) is one match. Otherwise pairs of groups: both same
// is one match, else both above, else each group alone: same is a match, else above, else literals. A match never
// reaches before the block, and this is decided once for a whole vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace {

constexpr size_t kTextGroup = 4;
constexpr size_t kRawGroup = 3;
constexpr size_t kVectorGroups = 16;
constexpr size_t kTextVector = kTextGroup * kVectorGroups;
constexpr size_t kMaxDistance = 32768;

// A part of a block in which the distance to the pixel above is the same. Offsets in the block.
struct Stretch {
  size_t begin = 0;
  size_t end = 0;
  size_t row = 0;  // bytes from a pixel to the one below it; 0: no row above, or too far away
};

enum MatchLength { kMatchGroup, kMatchPair, kMatchVector };
enum MatchKind { kSame, kAbove };

// Which groups equal the bytes `distance` before: bit g of text, bit 3·g of raw pixels, as comparing bytes gives them.
template <size_t kGroup>
struct GroupMask {
  static constexpr size_t kStride = kGroup == kTextGroup ? 1 : kGroup;
  static constexpr uint64_t Bit(size_t group) { return uint64_t{1} << group * kStride; }
  static constexpr uint64_t All() {
    uint64_t all = 0;
    for (size_t g = 0; g < kVectorGroups; ++g) all |= Bit(g);
    return all;
  }
  static constexpr uint64_t Pair(size_t group) { return Bit(group) | Bit(group + 1); }

  static uint64_t Equal(const uint8_t* at, size_t groups, size_t distance) {
#if defined(__SSE2__)
    if (groups == kVectorGroups) return EqualVector(at, distance);
#endif
    uint64_t equal = 0;
    for (size_t g = 0; g < groups; ++g) {
      const uint8_t* here = at + kGroup * g;
      if (std::memcmp(here, here - distance, kGroup) == 0) equal |= Bit(g);
    }
    return equal;
  }

#if defined(__SSE2__)
  static uint64_t EqualVector(const uint8_t* at, size_t distance) {
    uint64_t equal = 0;
    for (size_t k = 0; k < kGroup; ++k) {
      const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * k));
      const __m128i there = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * k - distance));
      if (kGroup == kTextGroup) {
        const int four = _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(here, there)));
        equal |= static_cast<uint64_t>(four) << 4 * k;
      } else {
        equal |= static_cast<uint64_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(here, there))) << 16 * k;
      }
    }
    return kGroup == kTextGroup ? equal : equal & equal >> 1 & equal >> 2 & All();
  }
#endif
};

// Up to a vector of whole groups at block[at]. `token` has Match(MatchKind, MatchLength) and Group(const uint8_t*).
template <size_t kGroup, class Token>
[[gnu::always_inline]] inline void ParseVector(const uint8_t* block, size_t at, size_t groups, size_t row,
                                               Token& token) {
  using Mask = GroupMask<kGroup>;
  const uint8_t* p = block + at;
  const uint64_t same = at >= kGroup ? Mask::Equal(p, groups, kGroup) : 0;
  if (same == Mask::All()) return token.Match(kSame, kMatchVector);
  const uint64_t above = row != 0 && at >= row ? Mask::Equal(p, groups, row) : 0;
  if (above == Mask::All()) return token.Match(kAbove, kMatchVector);
  for (size_t g = 0; g < groups; g += 2) {
    if ((same & Mask::Pair(g)) == Mask::Pair(g)) {
      token.Match(kSame, kMatchPair);
      continue;
    }
    if ((above & Mask::Pair(g)) == Mask::Pair(g)) {
      token.Match(kAbove, kMatchPair);
      continue;
    }
    for (size_t k = g; k < g + 2 && k < groups; ++k) {
      if ((same & Mask::Bit(k)) != 0) {
        token.Match(kSame, kMatchGroup);
      } else if ((above & Mask::Bit(k)) != 0) {
        token.Match(kAbove, kMatchGroup);
      } else {
        token.Group(p + kGroup * k);
      }
    }
  }
}

}  // namespace millrace
