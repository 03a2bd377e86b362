// Prefix codes as deflate wants them (RFC 1951 §3.2.2): complete, with limited lengths, canonical.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "common/deflate/bit_writer.h"

namespace millrace {

constexpr int kMaxHuffmanSymbols = 288;
constexpr int kMaxHuffmanBits = 15;

// The lengths of the best complete prefix code in which symbol s has a code of 1 to limits[s] bits, by package-merge
// (Larmore and Hirschberg, 1990): a symbol takes part in the levels up to its own limit. A function of its arguments
// alone. Two symbols or more; the limits must leave room for all: the sum of 2^-limit is at most 1.
void LimitedCodeLengths(absl::Span<const uint32_t> weights, absl::Span<const uint8_t> limits,
                        absl::Span<uint8_t> lengths);

// codes[s] for the symbols of 1 bit or more, first bit lowest; the others are left as they are.
void CanonicalCodes(absl::Span<const uint8_t> lengths, absl::Span<BitString> codes);

}  // namespace millrace
