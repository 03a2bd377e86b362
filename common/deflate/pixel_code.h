// The Huffman codes of one deflate block.
//
// Two kinds. *Text*: the 64 characters of base64url have at most 7 bits, so that eight of them fit a 64-bit word of a
// vector kernel, and all other bytes share one branch of the tree, at up to 15 bits. *Bytes*: all bytes alike, up to 12
// bits; no vector kernel. Every byte has a code in both, so the sample may miss what it likes.
#pragma once

#include <array>
#include <cstdint>

#include "common/deflate/bit_writer.h"
#include "common/deflate/pixel_statistics.h"
#include "common/deflate/pixel_tokens.h"

namespace millrace {

constexpr char kBase64Url[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr bool IsBase64Url(size_t c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class PixelCode {
 public:
  // `group`: kTextGroup or kRawGroup.
  PixelCode(const PixelStatistics& statistics, size_t group);

  size_t group() const { return group_; }
  bool text() const { return text_; }
  // Whether the sample becomes smaller.
  bool pays() const { return pays_; }
  const BitString& literal(uint8_t byte) const { return codes_[byte]; }
  const BitString& end_of_block() const { return codes_[256]; }
  // Length and distance, at most 28 bits: two of them fit one BitWriter::Put.
  BitString Match(MatchLength length, size_t distance) const;
  // The block's first 3 bits and all code lengths: kHeaderBytes at most.
  void PutHeader(bool last, BitWriter& writer) const;

  static constexpr size_t kHeaderBytes = 180;

 private:
  static constexpr size_t kSymbols = 277;  // up to the length symbol of a vector of text

  void MakeTextLengths(const PixelStatistics& statistics);
  void MakeByteLengths(const PixelStatistics& statistics);
  void MakeDistanceLengths(const PixelStatistics& statistics);
  bool Pays(const PixelStatistics& statistics) const;

  const size_t group_;
  const bool text_;
  bool pays_;
  std::array<uint8_t, kSymbols> lengths_ = {};
  std::array<uint8_t, kDistanceSymbols> distance_lengths_ = {};
  std::array<BitString, kSymbols> codes_ = {};
  std::array<BitString, kDistanceSymbols> distance_codes_ = {};
};

}  // namespace millrace
