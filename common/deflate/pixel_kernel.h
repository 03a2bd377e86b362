// The inner loop: whole vectors of a stretch → bits. All kernels write the same bits (pixel_tokens.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/deflate/bit_writer.h"
#include "common/deflate/pixel_code.h"
#include "common/deflate/pixel_tokens.h"

namespace millrace {

// What a kernel looks up: the codes of one block, with the matches of one stretch.
struct PixelTables {
  explicit PixelTables(const PixelCode& code);
  void SetRow(const PixelCode& code, size_t row);

  size_t group;
  static constexpr uint32_t kCountShift = 16;
  uint32_t literals[256];  // bits, and their number from kCountShift on
  // Of text, for vector kernels: ASCII's codes of at most 8 bits; a count of kLong for the others.
  static constexpr uint8_t kLong = 0x80;
  alignas(64) uint8_t short_codes[128];
  alignas(64) uint8_t short_counts[128];
  // The same for the 64 characters alone, in base64's order.
  alignas(64) uint8_t alphabet_codes[64];
  alignas(64) uint8_t alphabet_counts[64];
  BitString matches[2][3];  // by MatchKind, MatchLength
};

// Codes block[begin, end), a whole number of vectors, with matches `row` bytes back (0: none).
using PixelKernelFunction = void (*)(const uint8_t* block, size_t begin, size_t end, size_t row,
                                     const PixelTables& tables, BitWriter& writer);

// Of text or bytes.
void PixelKernelScalar(const uint8_t* block, size_t begin, size_t end, size_t row, const PixelTables& tables,
                       BitWriter& writer);

#if defined(__x86_64__)
// Of text codes in groups of kTextGroup.
void PixelKernelAvx2(const uint8_t* block, size_t begin, size_t end, size_t row, const PixelTables& tables,
                     BitWriter& writer);
void PixelKernelAvx512(const uint8_t* block, size_t begin, size_t end, size_t row, const PixelTables& tables,
                       BitWriter& writer);
#endif

// What no vector kernel takes: up to a vector at block[begin, end), with one to three bytes behind its last group.
void PutVector(const uint8_t* block, size_t begin, size_t end, size_t row, const PixelTables& tables,
               BitWriter& writer);

}  // namespace millrace
