// base64url kernels that decode; base64.cc picks one.
#include <array>
#include <cstring>

#include "common/record/base64_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // false alarm inside g++ 12's own AVX-512 header
#endif
#endif

namespace millrace::base64 {
namespace {

constexpr uint8_t kBad = 0x80;

constexpr std::array<uint8_t, 256> MakeValues() {
  std::array<uint8_t, 256> values = {};
  for (uint8_t& value : values) value = kBad;
  for (uint8_t i = 0; i < 26; ++i) {
    values[static_cast<size_t>('A' + i)] = i;
    values[static_cast<size_t>('a' + i)] = static_cast<uint8_t>(26 + i);
  }
  for (uint8_t i = 0; i < 10; ++i) values[static_cast<size_t>('0' + i)] = static_cast<uint8_t>(52 + i);
  values['-'] = 62;
  values['_'] = 63;
  return values;
}

// The six bits of a character, or kBad.
constexpr std::array<uint8_t, 256> kValues = MakeValues();

}  // namespace

bool DecodeScalar(const char* in, size_t n, uint8_t* out) {
  uint8_t bad = 0;
  for (size_t i = 0; i < n; i += 4, out += 3) {
    const uint8_t a = kValues[static_cast<uint8_t>(in[i])], b = kValues[static_cast<uint8_t>(in[i + 1])];
    const uint8_t c = kValues[static_cast<uint8_t>(in[i + 2])], d = kValues[static_cast<uint8_t>(in[i + 3])];
    bad = static_cast<uint8_t>(bad | a | b | c | d);
    out[0] = static_cast<uint8_t>(a << 2 | b >> 4);
    out[1] = static_cast<uint8_t>(b << 4 | c >> 2);
    out[2] = static_cast<uint8_t>(c << 6 | d);
  }
  return (bad & kBad) == 0;
}

#if defined(__x86_64__)

// 32 characters -> 24 bytes (W. Mula, D. Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions", for the
// URL-safe alphabet). The high half of a character gives a class; the low half, the classes it is not allowed in.
[[gnu::target("avx2")]] bool DecodeAvx2(const char* in, size_t n, uint8_t* out) {
  constexpr char kDash = 1, kDigit = 2, kLetter = 4, kUpperEnd = 8, kLowerEnd = 16, kNone = 32;
  constexpr char kAll = kNone | kDash;
  const __m256i class_of_high =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(kNone, kNone, kDash, kDigit, kLetter, kUpperEnd, kLetter, kLowerEnd,  //
                                                kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone));
  const __m256i refused_by_low = _mm256_broadcastsi128_si256(_mm_setr_epi8(
      kAll | kLetter, kAll, kAll, kAll, kAll, kAll, kAll, kAll, kAll, kAll,  // 0 to 9
      kAll | kDigit, kAll | kDigit | kUpperEnd | kLowerEnd, kAll | kDigit | kUpperEnd | kLowerEnd,
      kNone | kDigit | kUpperEnd | kLowerEnd, kAll | kDigit | kUpperEnd | kLowerEnd, kAll | kDigit | kLowerEnd));
  const __m256i offset_of_high = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 0, 62 - '-', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i low_half = _mm256_set1_epi8(0x0f);
  const __m256i order =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  __m256i refused = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 44 <= n; i += 32, out += 24) {  // a store writes 8 bytes more than it has
    const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + i));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), low_half);
    const __m256i low = _mm256_and_si256(text, low_half);
    refused = _mm256_or_si256(
        refused, _mm256_and_si256(_mm256_shuffle_epi8(class_of_high, high), _mm256_shuffle_epi8(refused_by_low, low)));
    const __m256i underscore =
        _mm256_and_si256(_mm256_cmpeq_epi8(text, _mm256_set1_epi8('_')), _mm256_set1_epi8(63 - '_' + 'A'));
    const __m256i values =
        _mm256_add_epi8(_mm256_add_epi8(text, underscore), _mm256_shuffle_epi8(offset_of_high, high));
    const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    const __m256i bytes =
        _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(groups, order), _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
  }
  const bool rest = DecodeScalar(in + i, n - i, out);
  return rest && _mm256_testz_si256(refused, refused) != 0;
}

// 64 characters -> 48 bytes: look the values up, join them by two multiplications, take the three bytes of each group.
[[gnu::target("avx512f,avx512bw,avx512vbmi")]] bool DecodeAvx512(const char* in, size_t n, uint8_t* out) {
  alignas(64) uint8_t from[64] = {};
  for (uint8_t k = 0; k < 48; ++k) from[k] = static_cast<uint8_t>(k / 3 * 4 + 2 - k % 3);
  const __m512i order = _mm512_load_si512(from);
  const __m512i low_values = _mm512_loadu_si512(kValues.data());
  const __m512i high_values = _mm512_loadu_si512(kValues.data() + 64);
  constexpr __mmask64 k48 = (__mmask64{1} << 48) - 1;
  __m512i refused = _mm512_setzero_si512();
  size_t i = 0;
  for (; i + 64 <= n; i += 64, out += 48) {
    const __m512i text = _mm512_loadu_si512(in + i);
    const __m512i values = _mm512_permutex2var_epi8(low_values, text, high_values);  // of its lower seven bits
    refused = _mm512_or_si512(refused, _mm512_or_si512(text, values));
    const __m512i pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x01400140));
    const __m512i groups = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
    _mm512_mask_storeu_epi8(out, k48, _mm512_permutexvar_epi8(order, groups));
  }
  const bool rest = DecodeScalar(in + i, n - i, out);
  return rest && _mm512_movepi8_mask(refused) == 0;
}

#endif

}  // namespace millrace::base64
