// The inner loop of the CSV reader: the next byte that ends an unquoted cell.
#pragma once

#include <cstddef>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace millrace {

// The first position in [at, end) of `text` that holds ',', CR, LF or NUL; `end` if there is none.
inline size_t NextSpecial(const char* text, size_t at, size_t end) {
#ifdef __SSE2__
  const __m128i comma = _mm_set1_epi8(','), carriage = _mm_set1_epi8('\r'), feed = _mm_set1_epi8('\n');
  for (; at + 16 <= end; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at));
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, comma), _mm_cmpeq_epi8(bytes, carriage)),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, feed), _mm_cmpeq_epi8(bytes, _mm_setzero_si128())));
    if (const int mask = _mm_movemask_epi8(found); mask != 0)
      return at + static_cast<size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
  }
#endif
  for (; at < end; ++at)
    if (text[at] == ',' || text[at] == '\n' || text[at] == '\r' || text[at] == '\0') return at;
  return end;
}

}  // namespace millrace
