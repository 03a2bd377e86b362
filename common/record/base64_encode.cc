// base64url kernels that encode; base64.cc picks one.
#include "common/record/base64_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // false alarm inside g++ 12's own AVX-512 header
#endif
#endif

namespace millrace::base64 {
namespace {

constexpr char kAlphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

void EncodeScalar(const uint8_t* in, size_t n, char* out) {
  size_t i = 0;
  for (; i + 3 <= n; i += 3, out += 4) {
    uint32_t group = uint32_t{in[i]} << 16 | uint32_t{in[i + 1]} << 8 | in[i + 2];
    out[0] = kAlphabet[group >> 18];
    out[1] = kAlphabet[group >> 12 & 63];
    out[2] = kAlphabet[group >> 6 & 63];
    out[3] = kAlphabet[group & 63];
  }
  if (i == n) return;
  const bool two = i + 2 == n;
  uint32_t group = uint32_t{in[i]} << 16 | (two ? uint32_t{in[i + 1]} << 8 : 0);
  out[0] = kAlphabet[group >> 18];
  out[1] = kAlphabet[group >> 12 & 63];
  out[2] = two ? kAlphabet[group >> 6 & 63] : '=';
  out[3] = '=';
}

#if defined(__x86_64__)

// 24 bytes -> 32 characters (W. Mula, "Base64 encoding with SIMD instructions"): each 3 bytes are spread over 4, the
// 6-bit fields are shifted into bytes by two multiplications, and a field's range picks what to add to it.
[[gnu::target("avx2")]] void EncodeAvx2(const uint8_t* in, size_t n, char* out) {
  const __m256i spread = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,  //
                                          1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  const __m128i one_lane = _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                         '0' - 52, '0' - 52, '0' - 52, '-' - 62, '_' - 63, 'A', 0, 0);
  const __m256i offsets = _mm256_broadcastsi128_si256(one_lane);
  size_t i = 0;
  for (; i + 28 <= n; i += 24, out += 32) {  // the second load reads 16 bytes from i + 12
    __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i));
    __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i + 12));
    __m256i groups = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
    __m256i odd =
        _mm256_mulhi_epu16(_mm256_and_si256(groups, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
    __m256i even =
        _mm256_mullo_epi16(_mm256_and_si256(groups, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
    __m256i fields = _mm256_or_si256(odd, even);
    __m256i range = _mm256_subs_epu8(fields, _mm256_set1_epi8(51));
    __m256i capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), fields);
    range = _mm256_or_si256(range, _mm256_and_si256(capital, _mm256_set1_epi8(13)));
    __m256i text = _mm256_add_epi8(_mm256_shuffle_epi8(offsets, range), fields);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), text);
  }
  EncodeScalar(in + i, n - i, out);
}

// 48 bytes -> 64 characters: spread the bytes to 32-bit groups, shift each 6-bit field into a byte, look it up.
[[gnu::target("avx512f,avx512bw,avx512vbmi")]] void EncodeAvx512(const uint8_t* in, size_t n, char* out) {
  alignas(64) uint8_t spread[64];
  for (int group = 0; group < 16; ++group) {
    constexpr int kFrom[4] = {1, 0, 2, 1};
    for (int k = 0; k < 4; ++k) spread[4 * group + k] = static_cast<uint8_t>(3 * group + kFrom[k]);
  }
  const __m512i order = _mm512_load_si512(spread);
  const __m512i table = _mm512_loadu_si512(kAlphabet);
  const __m512i shifts = _mm512_set1_epi64(0x3036242a1016040aLL);
  constexpr __mmask64 k48 = (__mmask64{1} << 48) - 1;  // never reads behind the image
  size_t i = 0;
  for (; i + 48 <= n; i += 48, out += 64) {
    __m512i groups = _mm512_permutexvar_epi8(order, _mm512_maskz_loadu_epi8(k48, in + i));
    __m512i fields = _mm512_multishift_epi64_epi8(shifts, groups);
    _mm512_storeu_si512(out, _mm512_permutexvar_epi8(fields, table));
  }
  EncodeScalar(in + i, n - i, out);
}

#endif

}  // namespace millrace::base64
