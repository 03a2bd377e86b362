// AVX-512 VBMI: 64 bytes of text at a time.
//
//   characters ─► codes and their lengths, by a table of 128 bytes each in registers
//              ─► joined in pairs: 8 → 16 → 32 → 64 bits, the upper half moved down to the end of the lower
//              ─► where groups or pairs of groups are matches, those bits instead
//              ─► each of the eight words moved to its bit of the output, and written
#include "common/deflate/pixel_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // false alarm inside g++ 12's own AVX-512 header
#endif

#define MILLRACE_AVX512 gnu::target("avx512f,avx512bw,avx512vbmi")

namespace millrace {
namespace {

// Eight words of up to 56 bits, and how many bits each has.
struct Words {
  __m512i bits;
  __m512i counts;
};

// Codes of at most 8 bits in bytes → codes of two groups in 64 bits, through the codes of one group in 32.
[[MILLRACE_AVX512]] inline Words JoinToGroups(__m512i v, __m512i n) {
  const __m512i low8 = _mm512_set1_epi16(0xff), low16 = _mm512_set1_epi32(0xffff);
  const __m512i high8 = _mm512_sllv_epi16(_mm512_srli_epi16(v, 8), _mm512_and_si512(n, low8));
  v = _mm512_or_si512(_mm512_and_si512(v, low8), high8);
  n = _mm512_maddubs_epi16(n, _mm512_set1_epi8(1));
  const __m512i high16 = _mm512_sllv_epi32(_mm512_srli_epi32(v, 16), _mm512_and_si512(n, low16));
  v = _mm512_or_si512(_mm512_and_si512(v, low16), high16);
  return {v, _mm512_madd_epi16(n, _mm512_set1_epi16(1))};
}

[[MILLRACE_AVX512]] inline Words JoinToPairs(const Words& groups) {
  const __m512i low32 = _mm512_set1_epi64(0xffffffff);
  const __m512i counts = _mm512_and_si512(groups.counts, low32);
  const __m512i high = _mm512_sllv_epi64(_mm512_srli_epi64(groups.bits, 32), counts);
  return {_mm512_or_si512(_mm512_and_si512(groups.bits, low32), high),
          _mm512_add_epi64(counts, _mm512_srli_epi64(groups.counts, 32))};
}

[[MILLRACE_AVX512]] inline void SetGroups(Words& words, __mmask16 mask, const BitString& match) {
  words.bits = _mm512_mask_set1_epi32(words.bits, mask, static_cast<int>(match.bits));
  words.counts = _mm512_mask_set1_epi32(words.counts, mask, static_cast<int>(match.count));
}

[[MILLRACE_AVX512]] inline void SetPairs(Words& words, __mmask8 mask, const BitString& match) {
  words.bits = _mm512_mask_set1_epi64(words.bits, mask, static_cast<long long>(match.bits));
  words.counts = _mm512_mask_set1_epi64(words.counts, mask, match.count);
}

// Where each word begins and ends is a prefix sum, so the words wait for each other only for the bits of the byte that
// two of them share.
[[MILLRACE_AVX512]] inline void PutWords(const Words& words, BitWriter& writer) {
  const __m512i zero = _mm512_setzero_si512(), seven = _mm512_set1_epi64(7);
  __m512i ends = _mm512_add_epi64(words.counts, _mm512_alignr_epi64(words.counts, zero, 7));
  ends = _mm512_add_epi64(ends, _mm512_alignr_epi64(ends, zero, 6));
  ends = _mm512_add_epi64(ends, _mm512_alignr_epi64(ends, zero, 4));
  ends = _mm512_add_epi64(ends, _mm512_set1_epi64(writer.count));
  const __m512i begins = _mm512_sub_epi64(ends, words.counts);
  const __m512i bytes = _mm512_srli_epi64(begins, 3), next_bytes = _mm512_srli_epi64(ends, 3);
  alignas(64) uint64_t bits[8], offsets[8], whole_bits[8], positions[8];
  _mm512_store_si512(bits, _mm512_sllv_epi64(words.bits, _mm512_and_si512(begins, seven)));
  _mm512_store_si512(offsets, bytes);
  _mm512_store_si512(whole_bits, _mm512_slli_epi64(_mm512_sub_epi64(next_bytes, bytes), 3));
  _mm512_store_si512(positions, ends);
  uint64_t pending = writer.pending;
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) {
    pending |= bits[k];
    std::memcpy(writer.out + offsets[k], &pending, sizeof pending);
    pending >>= whole_bits[k];
  }
  writer.pending = pending;
  writer.out += positions[7] >> 3;
  writer.count = positions[7] & 7;
}

// Bytes that are not of base64url, in vectors that are not all same, have long codes.
[[MILLRACE_AVX512]] inline bool HasLongCode(__m512i text, __m512i counts) {
  return _mm512_movepi8_mask(_mm512_or_si512(text, counts)) != 0;
}

}  // namespace

[[MILLRACE_AVX512]] void PixelKernelAvx512(const uint8_t* block, size_t begin, size_t end, size_t row,
                                           const PixelTables& tables, BitWriter& out) {
  const __m512i codes_low = _mm512_load_si512(tables.short_codes),
                codes_high = _mm512_load_si512(tables.short_codes + 64);
  const __m512i counts_low = _mm512_load_si512(tables.short_counts);
  const __m512i counts_high = _mm512_load_si512(tables.short_counts + 64);
  const size_t first_above = row == 0 ? end : row;
  BitWriter writer = out;
  auto detour = [&](size_t at) {  // through a copy, so that `writer` stays in registers
    BitWriter copy = writer;
    PixelKernelScalar(block, at, at + kTextVector, row, tables, copy);
    writer = copy;
  };
  for (size_t at = begin; at < end; at += kTextVector) {
    if (at < kTextGroup) {
      detour(at);
      continue;
    }
    const uint8_t* p = block + at;
    const __m512i text = _mm512_loadu_si512(p), left = _mm512_loadu_si512(p - kTextGroup);
    const __mmask16 same = _mm512_cmpeq_epi32_mask(text, left);
    if (same == 0xffff) {
      writer.Put(tables.matches[kSame][kMatchVector]);
      continue;
    }
    const __m512i up = at >= first_above ? _mm512_loadu_si512(p - row) : _mm512_setzero_si512();
    const __mmask16 above = _mm512_cmpeq_epi32_mask(text, up);
    const __m512i counts = _mm512_permutex2var_epi8(counts_low, text, counts_high);
    if (HasLongCode(text, counts)) {
      detour(at);
      continue;
    }
    if (above == 0xffff) {
      writer.Put(tables.matches[kAbove][kMatchVector]);
      continue;
    }
    Words words = JoinToGroups(_mm512_permutex2var_epi8(codes_low, text, codes_high), counts);
    SetGroups(words, above, tables.matches[kAbove][kMatchGroup]);
    SetGroups(words, same, tables.matches[kSame][kMatchGroup]);
    words = JoinToPairs(words);
    SetPairs(words, _mm512_cmpeq_epi64_mask(text, up), tables.matches[kAbove][kMatchPair]);
    SetPairs(words, _mm512_cmpeq_epi64_mask(text, left), tables.matches[kSame][kMatchPair]);
    PutWords(words, writer);
  }
  out = writer;
}

}  // namespace millrace

#endif
