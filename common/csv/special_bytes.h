// The inner loop of the CSV reader: the bytes that end an unquoted cell, found 64 at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace millrace {

// Bit i: text[i] is the delimiter, CR, LF or NUL. Reads 64 bytes.
inline uint64_t SpecialBytes(const char* text, char delimiter) {
  uint64_t found = 0;
#ifdef __SSE2__
  const __m128i cell = _mm_set1_epi8(delimiter), carriage = _mm_set1_epi8('\r'), feed = _mm_set1_epi8('\n');
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + part);
    const __m128i equal =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, cell), _mm_cmpeq_epi8(bytes, carriage)),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, feed), _mm_cmpeq_epi8(bytes, _mm_setzero_si128())));
    found |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(equal))) << (16 * part);
  }
#else
  for (int i = 0; i < 64; ++i) {
    const char c = text[i];
    found |= static_cast<uint64_t>(c == delimiter || c == '\r' || c == '\n' || c == '\0') << i;
  }
#endif
  return found;
}

// Walks over the special bytes of a buffer in order; what one block of 64 bytes holds is kept from cell to cell and
// from row to row.
class SpecialBytesCursor {
 public:
  explicit SpecialBytesCursor(char delimiter) : delimiter_(delimiter) {}

  // From here on: the bytes [at, end) of `text`, of which 64 behind `end` may be read. Again after every change of
  // text or end.
  void Seek(const char* text, size_t at, size_t end) {
    text_ = text;
    end_ = end;
    Load(at);
  }
  // Goes on at `at`, which is not before the position last returned.
  void SkipTo(size_t at) {
    const size_t skipped = at - block_;
    if (skipped >= 64) return Load(at);
    bits_ &= ~uint64_t{0} << skipped;
  }
  // The next special position, which is then behind us; `end` if there is none.
  size_t Next() {
    while (bits_ == 0) {
      if (end_ - block_ <= 64) return end_;
      Load(block_ + 64);
    }
    const size_t at = block_ + static_cast<size_t>(__builtin_ctzll(bits_));
    bits_ &= bits_ - 1;
    return at;
  }

 private:
  void Load(size_t block) {
    block_ = block;
    bits_ = block < end_ ? SpecialBytes(text_ + block, delimiter_) : 0;
    if (const size_t left = end_ - block; left < 64) bits_ &= (uint64_t{1} << left) - 1;
  }

  char delimiter_;
  const char* text_ = nullptr;
  size_t end_ = 0;
  size_t block_ = 0;   // ≤ end_
  uint64_t bits_ = 0;  // of the 64 bytes there: those still ahead
};

}  // namespace millrace
