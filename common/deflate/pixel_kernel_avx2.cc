// AVX2: 32 characters at a time, two halves a vector.
//
//   characters ─► their six bits, by the range that the high nibble tells; whoever has none goes to the scalar kernel
//              ─► codes and their lengths, by four tables of 16 bytes each
//              ─► joined in pairs, matches instead, as in pixel_kernel_avx512.cc
//              ─► written one word of 64 bits after the other
#include "common/deflate/pixel_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define MILLRACE_AVX2 gnu::target("avx2")

namespace millrace {
namespace {

// A byte is of base64url iff high[its high nibble] and low[its low nibble] have no bit in common: one bit for each of
// the six high nibbles that occur, and one for all others.
struct AlphabetNibbles {
  constexpr AlphabetNibbles() : high(), low() {
    for (size_t h = 0; h < 16; ++h) high[h] = static_cast<uint8_t>(h >= 2 && h <= 7 ? 1 << (h - 2) : kOther);
    for (size_t l = 0; l < 16; ++l) {
      low[l] = kOther;
      for (size_t h = 2; h <= 7; ++h)
        low[l] = static_cast<uint8_t>(low[l] | (IsBase64Url(h << 4 | l) ? 0 : 1 << (h - 2)));
    }
  }
  static constexpr uint8_t kOther = 1 << 6;
  uint8_t high[16], low[16];
};
constexpr AlphabetNibbles kNibbles;
// By high nibble: what leads from the character to its six bits. '_' stands beside the capitals and is treated apart.
constexpr int8_t kToValue[16] = {0, 0, 62 - '-', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0};
constexpr uint8_t kPowers[16] = {1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0};

[[MILLRACE_AVX2]] inline __m256i Table(const void* sixteen_bytes) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(sixteen_bytes)));
}

[[MILLRACE_AVX2]] inline __m256i Load(const uint8_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}

[[MILLRACE_AVX2]] inline __m256i HighNibbles(__m256i text) {
  return _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(15));
}

[[MILLRACE_AVX2]] inline bool IsAlphabet(__m256i text) {
  const __m256i high = _mm256_shuffle_epi8(Table(kNibbles.high), HighNibbles(text));
  const __m256i low = _mm256_shuffle_epi8(Table(kNibbles.low), _mm256_and_si256(text, _mm256_set1_epi8(15)));
  return _mm256_testz_si256(high, low) != 0;
}

[[MILLRACE_AVX2]] inline __m256i SixBits(__m256i text) {
  const __m256i underscore = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('_'));
  const __m256i value = _mm256_add_epi8(text, _mm256_shuffle_epi8(Table(kToValue), HighNibbles(text)));
  return _mm256_add_epi8(value, _mm256_and_si256(underscore, _mm256_set1_epi8(63 - '_' + 'A')));
}

// table[each byte of `six_bits`]
[[MILLRACE_AVX2]] inline __m256i LookUp(const uint8_t* table, __m256i six_bits) {
  const __m256i bit4 = _mm256_slli_epi16(six_bits, 3), bit5 = _mm256_slli_epi16(six_bits, 2);
  const __m256i nibble = _mm256_and_si256(six_bits, _mm256_set1_epi8(15));
  __m256i quarters[4];
  for (int q = 0; q < 4; ++q) quarters[q] = _mm256_shuffle_epi8(Table(table + 16 * q), nibble);
  const __m256i low = _mm256_blendv_epi8(quarters[0], quarters[1], bit4);
  return _mm256_blendv_epi8(low, _mm256_blendv_epi8(quarters[2], quarters[3], bit4), bit5);
}

struct Words {
  __m256i bits;
  __m256i counts;
};

// Codes of at most 7 bits in bytes → codes of a group in 32 bits. The first step shifts by multiplying.
[[MILLRACE_AVX2]] inline Words JoinToGroups(__m256i v, __m256i n) {
  const __m256i factors = _mm256_shuffle_epi8(Table(kPowers), _mm256_slli_epi16(n, 8));  // 1, 2^length of the first
  v = _mm256_maddubs_epi16(factors, v);
  n = _mm256_maddubs_epi16(n, _mm256_set1_epi8(1));
  const __m256i low16 = _mm256_set1_epi32(0xffff);
  const __m256i high = _mm256_sllv_epi32(_mm256_srli_epi32(v, 16), _mm256_and_si256(n, low16));
  return {_mm256_or_si256(_mm256_and_si256(v, low16), high), _mm256_madd_epi16(n, _mm256_set1_epi16(1))};
}

[[MILLRACE_AVX2]] inline Words JoinToPairs(const Words& groups) {
  const __m256i low32 = _mm256_set1_epi64x(0xffffffff);
  const __m256i counts = _mm256_and_si256(groups.counts, low32);
  const __m256i high = _mm256_sllv_epi64(_mm256_srli_epi64(groups.bits, 32), counts);
  return {_mm256_or_si256(_mm256_and_si256(groups.bits, low32), high),
          _mm256_add_epi64(counts, _mm256_srli_epi64(groups.counts, 32))};
}

[[MILLRACE_AVX2]] inline void SetGroups(Words& words, __m256i mask, const BitString& match) {
  words.bits = _mm256_blendv_epi8(words.bits, _mm256_set1_epi32(static_cast<int>(match.bits)), mask);
  words.counts = _mm256_blendv_epi8(words.counts, _mm256_set1_epi32(static_cast<int>(match.count)), mask);
}

[[MILLRACE_AVX2]] inline void SetPairs(Words& words, __m256i mask, const BitString& match) {
  words.bits = _mm256_blendv_epi8(words.bits, _mm256_set1_epi64x(static_cast<long long>(match.bits)), mask);
  words.counts = _mm256_blendv_epi8(words.counts, _mm256_set1_epi64x(match.count), mask);
}

[[MILLRACE_AVX2]] inline void PutWords(const Words& words, BitWriter& writer) {
  alignas(32) uint64_t bits[4], counts[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(bits), words.bits);
  _mm256_store_si256(reinterpret_cast<__m256i*>(counts), words.counts);
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) writer.Put(bits[k], static_cast<uint32_t>(counts[k]));
}

// Half a vector: `left` are the characters a group before, `up` those of the row above (or what equals nothing).
[[MILLRACE_AVX2]] inline void PutHalf(__m256i text, __m256i left, __m256i up, const PixelTables& tables,
                                      BitWriter& writer) {
  const __m256i six_bits = SixBits(text);
  Words words = JoinToGroups(LookUp(tables.alphabet_codes, six_bits), LookUp(tables.alphabet_counts, six_bits));
  SetGroups(words, _mm256_cmpeq_epi32(text, up), tables.matches[kAbove][kMatchGroup]);
  SetGroups(words, _mm256_cmpeq_epi32(text, left), tables.matches[kSame][kMatchGroup]);
  words = JoinToPairs(words);
  SetPairs(words, _mm256_cmpeq_epi64(text, up), tables.matches[kAbove][kMatchPair]);
  SetPairs(words, _mm256_cmpeq_epi64(text, left), tables.matches[kSame][kMatchPair]);
  PutWords(words, writer);
}

[[MILLRACE_AVX2]] inline bool Equal(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i difference = _mm256_or_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(c, d));
  return _mm256_testz_si256(difference, difference) != 0;
}

}  // namespace

[[MILLRACE_AVX2]] void PixelKernelAvx2(const uint8_t* block, size_t begin, size_t end, size_t row,
                                       const PixelTables& tables, BitWriter& out) {
  const size_t first_above = row == 0 ? end : row;
  BitWriter writer = out;
  for (size_t at = begin; at < end; at += kTextVector) {
    const uint8_t* p = block + at;
    const __m256i text = Load(p), text2 = Load(p + 32);
    if (at < kTextGroup || !IsAlphabet(text) || !IsAlphabet(text2)) {
      BitWriter detour = writer;
      PixelKernelScalar(block, at, at + kTextVector, row, tables, detour);
      writer = detour;
      continue;
    }
    const __m256i left = Load(p - kTextGroup), left2 = Load(p - kTextGroup + 32);
    if (Equal(text, left, text2, left2)) {
      writer.Put(tables.matches[kSame][kMatchVector]);
      continue;
    }
    const bool rows = at >= first_above;
    const __m256i up = rows ? Load(p - row) : _mm256_setzero_si256();  // no character is zero
    const __m256i up2 = rows ? Load(p - row + 32) : _mm256_setzero_si256();
    if (Equal(text, up, text2, up2)) {
      writer.Put(tables.matches[kAbove][kMatchVector]);
      continue;
    }
    PutHalf(text, left, up, tables, writer);
    PutHalf(text2, left2, up2, tables, writer);
  }
  out = writer;
}

}  // namespace millrace

#endif
