#include "common/image/resize_kernels.h"

#include <atomic>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // false alarms inside g++ 12's own AVX-512 header
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

namespace millrace {
namespace {

constexpr uint32_t kHalf = 1u << (kWeightBits - 1);

// Outputs [from, end) of a row.
void RowFrom(const ResizeWeights& weights, int from, int channels, const uint8_t* in, uint8_t* out) {
  for (int i = from; i < weights.outputs; ++i) {
    const uint8_t* samples = in + weights.first[static_cast<size_t>(i)] * ptrdiff_t{channels};
    for (int c = 0; c < channels; ++c) {
      uint32_t sum = kHalf;
      for (int k = 0; k < weights.count[static_cast<size_t>(i)]; ++k) {
        sum += static_cast<uint32_t>(weights.Weight(i, k)) * samples[ptrdiff_t{k} * channels + c];
      }
      out[ptrdiff_t{i} * channels + c] = static_cast<uint8_t>(sum >> kWeightBits);
    }
  }
}

template <int kChannels>
void Row(const ResizeWeights& weights, const uint8_t* const* in, size_t, uint8_t* const* out) {
  RowFrom(weights, 0, kChannels, in[0], out[0]);
}

void Column(const ResizeWeights& weights, int output, const uint8_t* const* in, size_t bytes, uint8_t* out) {
  constexpr size_t kBlock = 64;
  for (size_t at = 0; at < bytes; at += kBlock) {
    const size_t n = bytes - at < kBlock ? bytes - at : kBlock;
    uint32_t sums[kBlock];
    for (uint32_t& sum : sums) sum = kHalf;
    for (int k = 0; k < weights.count[static_cast<size_t>(output)]; ++k) {
      const uint32_t weight = static_cast<uint32_t>(weights.Weight(output, k));
      for (size_t x = 0; x < n; ++x) sums[x] += weight * in[k][at + x];
    }
    for (size_t x = 0; x < n; ++x) out[at + x] = static_cast<uint8_t>(sums[x] >> kWeightBits);
  }
}

constexpr ResizeKernels kScalar{Row<1>, Row<3>, 1, Column};

#if defined(__x86_64__)

// (high << 11) + low, rounded and shifted down. The low sums may wrap; their sum with the high ones does not.
[[gnu::target("avx2")]] inline __m256i Rounded(__m256i high, __m256i low) {
  const __m256i half = _mm256_set1_epi32(static_cast<int>(kHalf));
  return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(_mm256_slli_epi32(high, kLowBits), low), half),
                           kWeightBits);
}

[[gnu::target("avx2")]] inline __m256i Load16Of2(const uint8_t* a, const uint8_t* b) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a))),
                                 _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)), 1);
}

// Adds samples times weights, in 16-bit pairs.
[[gnu::target("avx2")]] inline void AddPair(__m256i samples, uint32_t high, uint32_t low, __m256i& sum_high,
                                            __m256i& sum_low) {
  sum_high = _mm256_add_epi32(sum_high, _mm256_madd_epi16(samples, _mm256_set1_epi32(static_cast<int>(high))));
  sum_low = _mm256_add_epi32(sum_low, _mm256_madd_epi16(samples, _mm256_set1_epi32(static_cast<int>(low))));
}

// The first row in the low half of each vector, the second in the high half. A load takes 16 bytes of each: four pixels
// and a third; two shuffles make 16-bit pairs (r0 r1 g0 g1 b0 b1 - -) of it, one multiply-add with a pair of weights
// sums them.
[[gnu::target("avx2")]] void TwoRowsAvx2(const ResizeWeights& weights, const uint8_t* const* in, size_t columns,
                                         uint8_t* const* out) {
  const __m256i pixels01 =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const __m256i pixels23 =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
  const __m256i bytes =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
  const size_t pairs = static_cast<size_t>(weights.pairs);
  int i = 0;
  for (; i < weights.outputs; ++i) {
    const size_t start = static_cast<size_t>(weights.first[static_cast<size_t>(i)]) * 3;
    const int used = (weights.count[static_cast<size_t>(i)] + 3) / 4;
    // The last loads must end within the row, the 4-byte stores within the output.
    if (start + static_cast<size_t>(used) * 12 + 4 > columns * 3 || i + 1 == weights.outputs) break;
    const uint32_t* high = weights.high.data() + static_cast<size_t>(i) * pairs;
    const uint32_t* low = weights.low.data() + static_cast<size_t>(i) * pairs;
    __m256i sum_high = _mm256_setzero_si256(), sum_low = _mm256_setzero_si256();
    for (int k = 0; k < used; ++k) {
      const size_t at = start + static_cast<size_t>(k) * 12;
      const __m256i loaded = Load16Of2(in[0] + at, in[1] + at);
      const size_t pair = static_cast<size_t>(k) * 2;
      AddPair(_mm256_shuffle_epi8(loaded, pixels01), high[pair], low[pair], sum_high, sum_low);
      if (pair + 1 == pairs) break;
      AddPair(_mm256_shuffle_epi8(loaded, pixels23), high[pair + 1], low[pair + 1], sum_high, sum_low);
    }
    const __m256i rgb = _mm256_shuffle_epi8(Rounded(sum_high, sum_low), bytes);
    const int first = _mm_cvtsi128_si32(_mm256_castsi256_si128(rgb));
    const int second = _mm_cvtsi128_si32(_mm256_extracti128_si256(rgb, 1));
    std::memcpy(out[0] + ptrdiff_t{i} * 3, &first, 4);
    std::memcpy(out[1] + ptrdiff_t{i} * 3, &second, 4);
  }
  for (int k = 0; k < 2; ++k) RowFrom(weights, i, 3, in[k], out[k]);
}

// 8 samples of each row, widened to 16 bits, times 8 weights; the four sums of a row are added at its end.
[[gnu::target("avx2")]] void TwoGrayRowsAvx2(const ResizeWeights& weights, const uint8_t* const* in, size_t columns,
                                             uint8_t* const* out) {
  const size_t pairs = static_cast<size_t>(weights.pairs);
  int i = 0;
  for (; i < weights.outputs; ++i) {
    const size_t start = static_cast<size_t>(weights.first[static_cast<size_t>(i)]);
    const size_t used = static_cast<size_t>(weights.count[static_cast<size_t>(i)] + 7) / 8;
    if (start + used * 8 > columns) break;
    const uint32_t* high = weights.high.data() + static_cast<size_t>(i) * pairs;
    const uint32_t* low = weights.low.data() + static_cast<size_t>(i) * pairs;
    __m256i sum_high = _mm256_setzero_si256(), sum_low = _mm256_setzero_si256();
    for (size_t k = 0; k < used; ++k) {
      const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(in[0] + start + k * 8));
      const __m128i second = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(in[1] + start + k * 8));
      const __m256i samples = _mm256_cvtepu8_epi16(_mm_unpacklo_epi64(first, second));
      const __m128i high8 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(high + k * 4));
      const __m128i low8 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(low + k * 4));
      sum_high = _mm256_add_epi32(sum_high, _mm256_madd_epi16(samples, _mm256_broadcastsi128_si256(high8)));
      sum_low = _mm256_add_epi32(sum_low, _mm256_madd_epi16(samples, _mm256_broadcastsi128_si256(low8)));
    }
    __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(sum_high, kLowBits), sum_low);
    sum = _mm256_add_epi32(sum, _mm256_shuffle_epi32(sum, 0x4e));
    sum = _mm256_add_epi32(sum, _mm256_shuffle_epi32(sum, 0xb1));
    sum = _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(static_cast<int>(kHalf))), kWeightBits);
    out[0][i] = static_cast<uint8_t>(_mm_cvtsi128_si32(_mm256_castsi256_si128(sum)));
    out[1][i] = static_cast<uint8_t>(_mm_cvtsi128_si32(_mm256_extracti128_si256(sum, 1)));
  }
  for (int k = 0; k < 2; ++k) RowFrom(weights, i, 1, in[k], out[k]);
}

[[gnu::target("avx2")]] void ColumnAvx2(const ResizeWeights& weights, int output, const uint8_t* const* in,
                                        size_t bytes, uint8_t* out) {
  const size_t pairs = static_cast<size_t>(weights.pairs);
  const uint32_t* high = weights.high.data() + static_cast<size_t>(output) * pairs;
  const uint32_t* low = weights.low.data() + static_cast<size_t>(output) * pairs;
  const int count = weights.count[static_cast<size_t>(output)];
  for (size_t at = 0; at < bytes; at += 16) {
    __m256i high0 = _mm256_setzero_si256(), high1 = high0, low0 = high0, low1 = high0;
    for (int k = 0; k < count; k += 2) {
      const uint8_t* second = k + 1 < count ? in[k + 1] : in[k];  // of weight 0 if there is none
      const __m256i a = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in[k] + at)));
      const __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(second + at)));
      AddPair(_mm256_unpacklo_epi16(a, b), high[k / 2], low[k / 2], high0, low0);
      AddPair(_mm256_unpackhi_epi16(a, b), high[k / 2], low[k / 2], high1, low1);
    }
    const __m256i words = _mm256_packs_epi32(Rounded(high0, low0), Rounded(high1, low1));
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0x08);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + at), _mm256_castsi256_si128(packed));
  }
}

[[gnu::target("avx512f,avx512bw")]] inline __m512i Load16Of4(const uint8_t* const* in, size_t at) {
  __m512i rows = _mm512_castsi128_si512(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in[0] + at)));
  rows = _mm512_inserti32x4(rows, _mm_loadu_si128(reinterpret_cast<const __m128i*>(in[1] + at)), 1);
  rows = _mm512_inserti32x4(rows, _mm_loadu_si128(reinterpret_cast<const __m128i*>(in[2] + at)), 2);
  return _mm512_inserti32x4(rows, _mm_loadu_si128(reinterpret_cast<const __m128i*>(in[3] + at)), 3);
}

[[gnu::target("avx512f,avx512bw")]] inline __m512i Weighted(__m512i sum, __m512i samples, uint32_t weights) {
  return _mm512_add_epi32(sum, _mm512_madd_epi16(samples, _mm512_set1_epi32(static_cast<int>(weights))));
}

// As TwoRowsAvx2, with a row in each quarter.
[[gnu::target("avx512f,avx512bw")]] void FourRowsAvx512(const ResizeWeights& weights, const uint8_t* const* in,
                                                        size_t columns, uint8_t* const* out) {
  const __m512i pixels01 =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const __m512i pixels23 =
      _mm512_broadcast_i32x4(_mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
  const __m512i half = _mm512_set1_epi32(static_cast<int>(kHalf));
  const size_t pairs = static_cast<size_t>(weights.pairs);
  int i = 0;
  for (; i + 1 < weights.outputs; ++i) {
    const size_t start = static_cast<size_t>(weights.first[static_cast<size_t>(i)]) * 3;
    const size_t used = static_cast<size_t>(weights.count[static_cast<size_t>(i)] + 3) / 4;
    if (start + used * 12 + 4 > columns * 3) break;
    const uint32_t* high = weights.high.data() + static_cast<size_t>(i) * pairs;
    const uint32_t* low = weights.low.data() + static_cast<size_t>(i) * pairs;
    __m512i sum_high = _mm512_setzero_si512(), sum_low = half;
    for (size_t k = 0; k < used; ++k) {
      const __m512i loaded = Load16Of4(in, start + k * 12);
      const __m512i first = _mm512_shuffle_epi8(loaded, pixels01);
      sum_high = Weighted(sum_high, first, high[k * 2]);
      sum_low = Weighted(sum_low, first, low[k * 2]);
      if (k * 2 + 1 == pairs) break;
      const __m512i second = _mm512_shuffle_epi8(loaded, pixels23);
      sum_high = Weighted(sum_high, second, high[k * 2 + 1]);
      sum_low = Weighted(sum_low, second, low[k * 2 + 1]);
    }
    const __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(sum_high, kLowBits), sum_low);
    const __m128i rgb = _mm512_cvtepi32_epi8(_mm512_srli_epi32(sum, kWeightBits));
    const int words[4] = {_mm_cvtsi128_si32(rgb), _mm_extract_epi32(rgb, 1), _mm_extract_epi32(rgb, 2),
                          _mm_extract_epi32(rgb, 3)};
    for (int k = 0; k < 4; ++k) std::memcpy(out[k] + ptrdiff_t{i} * 3, &words[k], 4);
  }
  for (int k = 0; k < 4; ++k) RowFrom(weights, i, 3, in[k], out[k]);
}

// As TwoGrayRowsAvx2, with a row in each quarter.
[[gnu::target("avx512f,avx512bw")]] void FourGrayRowsAvx512(const ResizeWeights& weights, const uint8_t* const* in,
                                                            size_t columns, uint8_t* const* out) {
  const __m512i half = _mm512_set1_epi32(static_cast<int>(kHalf));
  const size_t pairs = static_cast<size_t>(weights.pairs);
  int i = 0;
  for (; i < weights.outputs; ++i) {
    const size_t start = static_cast<size_t>(weights.first[static_cast<size_t>(i)]);
    const size_t used = static_cast<size_t>(weights.count[static_cast<size_t>(i)] + 7) / 8;
    if (start + used * 8 > columns) break;
    const uint32_t* high = weights.high.data() + static_cast<size_t>(i) * pairs;
    const uint32_t* low = weights.low.data() + static_cast<size_t>(i) * pairs;
    __m512i sum_high = _mm512_setzero_si512(), sum_low = _mm512_setzero_si512();
    for (size_t k = 0; k < used; ++k) {
      long long eight[4];
      for (int row = 0; row < 4; ++row) std::memcpy(&eight[row], in[row] + start + k * 8, 8);
      const __m512i samples = _mm512_cvtepu8_epi16(_mm256_setr_epi64x(eight[0], eight[1], eight[2], eight[3]));
      const __m128i high8 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(high + k * 4));
      const __m128i low8 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(low + k * 4));
      sum_high = _mm512_add_epi32(sum_high, _mm512_madd_epi16(samples, _mm512_broadcast_i32x4(high8)));
      sum_low = _mm512_add_epi32(sum_low, _mm512_madd_epi16(samples, _mm512_broadcast_i32x4(low8)));
    }
    __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(sum_high, kLowBits), sum_low);
    sum = _mm512_add_epi32(sum, _mm512_shuffle_epi32(sum, _MM_PERM_BADC));
    sum = _mm512_add_epi32(sum, _mm512_shuffle_epi32(sum, _MM_PERM_CDAB));
    const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_srli_epi32(_mm512_add_epi32(sum, half), kWeightBits));
    out[0][i] = static_cast<uint8_t>(_mm_extract_epi8(bytes, 0));
    out[1][i] = static_cast<uint8_t>(_mm_extract_epi8(bytes, 4));
    out[2][i] = static_cast<uint8_t>(_mm_extract_epi8(bytes, 8));
    out[3][i] = static_cast<uint8_t>(_mm_extract_epi8(bytes, 12));
  }
  for (int k = 0; k < 4; ++k) RowFrom(weights, i, 1, in[k], out[k]);
}

constexpr ResizeKernels kAvx2{TwoGrayRowsAvx2, TwoRowsAvx2, 2, ColumnAvx2};
constexpr ResizeKernels kAvx512{FourGrayRowsAvx512, FourRowsAvx512, 4, ColumnAvx2};

const ResizeKernels* KernelsOf(ResizeKernel kernel) {
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512bw");
  switch (kernel) {
    case ResizeKernel::kScalar:
      return &kScalar;
    case ResizeKernel::kAvx2:
      return avx2 ? &kAvx2 : nullptr;
    case ResizeKernel::kAvx512:
      return avx512 ? &kAvx512 : nullptr;
    case ResizeKernel::kBest:
      break;
  }
  return avx512 ? &kAvx512 : avx2 ? &kAvx2 : &kScalar;
}

#else

const ResizeKernels* KernelsOf(ResizeKernel kernel) {
  return kernel == ResizeKernel::kAvx2 || kernel == ResizeKernel::kAvx512 ? nullptr : &kScalar;
}

#endif

std::atomic<const ResizeKernels*>& Chosen() {
  static std::atomic<const ResizeKernels*> chosen{KernelsOf(ResizeKernel::kBest)};
  return chosen;
}

}  // namespace

const ResizeKernels& ChosenResizeKernels() { return *Chosen().load(std::memory_order_relaxed); }

bool SetResizeKernel(ResizeKernel kernel) {
  const ResizeKernels* kernels = KernelsOf(kernel);
  if (kernels != nullptr) Chosen() = kernels;
  return kernels != nullptr;
}

}  // namespace millrace
