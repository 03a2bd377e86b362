#include "common/deflate/pixel_code.h"

#include "absl/types/span.h"
#include "common/deflate/huffman.h"

namespace millrace {
namespace {

constexpr size_t kEndOfBlock = 256;
// RFC 1951 §3.2.5, by MatchLength. Symbol 258 is a length of 4, 262 of 8; 276 of 59 to 66 with three extra bits.
struct LengthSymbols {
  std::array<size_t, 3> symbols;
  BitString vector_extra;
};
constexpr LengthSymbols kTextLengths = {{258, 262, 276}, {64 - 59, 3}};
constexpr LengthSymbols kRawLengths = {{257, 260, 274}, {48 - 43, 3}};  // 3; 6; 43 to 50

const LengthSymbols& LengthsOf(size_t group) { return group == kTextGroup ? kTextLengths : kRawLengths; }

constexpr uint8_t kTextLimit = 7;      // eight characters in 56 bits
constexpr uint8_t kMatchLimit = 10;    // two matches in 57 bits: 2 × (10 + 5 + 13) at distances up to 32768
constexpr uint8_t kDistanceLimit = 5;  // room for all 30 symbols
constexpr uint8_t kByteLimit = 12;

// Some symbols of an alphabet, to be given a complete code.
class SymbolSet {
 public:
  void Add(size_t symbol, uint32_t weight, uint8_t limit) {
    symbols_[size_] = symbol;
    weights_[size_] = weight;
    limits_[size_++] = limit;
  }
  size_t size() const { return size_; }
  // lengths[symbol] for the symbols that were added.
  void Assign(absl::Span<uint8_t> lengths) {
    std::array<uint8_t, kMaxHuffmanSymbols> found;
    LimitedCodeLengths({weights_.data(), size_}, {limits_.data(), size_}, {found.data(), size_});
    for (size_t i = 0; i < size_; ++i) lengths[symbols_[i]] = found[i];
  }

 private:
  size_t size_ = 0;
  std::array<size_t, kMaxHuffmanSymbols> symbols_;
  std::array<uint32_t, kMaxHuffmanSymbols> weights_;
  std::array<uint8_t, kMaxHuffmanSymbols> limits_;
};

void AddMatches(const PixelStatistics& statistics, const LengthSymbols& lengths, SymbolSet& set) {
  for (size_t i = 0; i < lengths.symbols.size(); ++i) set.Add(lengths.symbols[i], statistics.matches[i], kMatchLimit);
}

uint32_t OtherLiterals(const PixelStatistics& statistics) {
  uint32_t others = 0;
  for (size_t c = 0; c < 256; ++c) others += IsBase64Url(c) ? 0 : statistics.literals[c];
  return others;
}

}  // namespace

PixelCode::PixelCode(const PixelStatistics& statistics, size_t group)
    : group_(group), text_(OtherLiterals(statistics) * 8 <= statistics.bytes) {
  text_ ? MakeTextLengths(statistics) : MakeByteLengths(statistics);
  MakeDistanceLengths(statistics);
  CanonicalCodes(lengths_, absl::MakeSpan(codes_));
  CanonicalCodes(distance_lengths_, absl::MakeSpan(distance_codes_));
  pays_ = Pays(statistics);
}

// The branch for the others has 193 leaves, the 192 bytes that are not of base64url and the end of the block: 63 at
// depth 7, and 130 at depth 8. In ASCII's order the first 63 are the bytes that a record's head and tail use most.
void PixelCode::MakeTextLengths(const PixelStatistics& statistics) {
  SymbolSet set;
  for (size_t c = 0; c < 256; ++c) {
    if (IsBase64Url(c)) set.Add(c, statistics.literals[c], kTextLimit);
  }
  set.Add(kEndOfBlock, OtherLiterals(statistics), kTextLimit);  // stands for the branch
  AddMatches(statistics, LengthsOf(group_), set);
  set.Assign(absl::MakeSpan(lengths_));
  const uint8_t branch = lengths_[kEndOfBlock];
  for (size_t c = 0, leaf = 0; c <= kEndOfBlock; ++c) {
    if (!IsBase64Url(c)) lengths_[c] = static_cast<uint8_t>(branch + (leaf++ < 63 ? 7 : 8));
  }
}

void PixelCode::MakeByteLengths(const PixelStatistics& statistics) {
  SymbolSet set;
  for (size_t c = 0; c < 256; ++c) set.Add(c, statistics.literals[c], kByteLimit);
  set.Add(kEndOfBlock, 0, kByteLimit);
  AddMatches(statistics, LengthsOf(group_), set);
  set.Assign(absl::MakeSpan(lengths_));
}

// At least two symbols: some decoders refuse a distance code of one.
void PixelCode::MakeDistanceLengths(const PixelStatistics& statistics) {
  SymbolSet set;
  for (size_t s = 0; s < kDistanceSymbols; ++s) {
    if (statistics.distances[s] > 0) set.Add(s, statistics.distances[s], kDistanceLimit);
  }
  if (set.size() == 1) set.Add(0, 0, kDistanceLimit);
  set.Assign(absl::MakeSpan(distance_lengths_));
}

bool PixelCode::Pays(const PixelStatistics& statistics) const {
  uint64_t bits = 0;
  for (size_t c = 0; c < 256; ++c) bits += uint64_t{statistics.literals[c]} * lengths_[c];
  const LengthSymbols& lengths = LengthsOf(group_);
  for (size_t i = 0; i < lengths.symbols.size(); ++i)
    bits += uint64_t{statistics.matches[i]} * lengths_[lengths.symbols[i]];
  bits += uint64_t{statistics.matches[kMatchVector]} * lengths.vector_extra.count;
  for (size_t s = 0; s < kDistanceSymbols; ++s)
    bits += uint64_t{statistics.distances[s]} * (distance_lengths_[s] + (s < 4 ? 0 : s / 2 - 1));
  return bits < uint64_t{statistics.bytes} * 8;
}

BitString PixelCode::Match(MatchLength length, size_t distance) const {
  const DistanceSymbol symbol = ForDistance(distance);
  const LengthSymbols& lengths = LengthsOf(group_);
  BitString match = codes_[lengths.symbols[length]];
  if (length == kMatchVector) match.Add(lengths.vector_extra);
  match.Add(distance_codes_[symbol.symbol]);
  match.Add(symbol.extra, symbol.extra_bits);
  return match;
}

// The code lengths are sent one by one, each in a plain 4-bit code (the code length code has lengths 4 for 0 to 15 and
// none for the repeats): 163 bytes for a block of 256 KiB.
void PixelCode::PutHeader(bool last, BitWriter& writer) const {
  constexpr uint32_t kDynamic = 2, kLengthCodes = 19;
  writer.Put(last ? 1 : 0, 1);
  writer.Put(kDynamic, 2);
  writer.Put(kSymbols - 257, 5);
  writer.Put(kDistanceSymbols - 1, 5);
  writer.Put(kLengthCodes - 4, 4);
  for (uint32_t i = 0; i < kLengthCodes; ++i) writer.Put(i < 3 ? 0 : 4, 3);  // 16, 17 and 18 come first
  std::array<uint8_t, 16> plain;
  plain.fill(4);
  std::array<BitString, 16> codes;
  CanonicalCodes(plain, absl::MakeSpan(codes));
  for (uint8_t length : lengths_) writer.Put(codes[length]);
  for (uint8_t length : distance_lengths_) writer.Put(codes[length]);
}

}  // namespace millrace
