#include "common/deflate/huffman.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace millrace {
namespace {

// One level of package-merge: the coins of the symbols and the packages of the level below, cheapest first.
struct Level {
  std::array<bool, 2 * kMaxHuffmanSymbols> is_package;
  size_t size = 0;
};

using Weights = std::array<uint64_t, 2 * kMaxHuffmanSymbols>;

// Symbols by weight; equal weights by number.
class SortedSymbols {
 public:
  explicit SortedSymbols(absl::Span<const uint32_t> weights) : size_(weights.size()) {
    for (size_t s = 0; s < size_; ++s) keys_[s] = uint64_t{weights[s]} << 16 | s;
    std::sort(keys_.begin(), keys_.begin() + static_cast<ptrdiff_t>(size_));
  }
  size_t size() const { return size_; }
  size_t symbol(size_t i) const { return keys_[i] & 0xffff; }
  uint64_t weight(size_t i) const { return keys_[i] >> 16; }

 private:
  size_t size_;
  std::array<uint64_t, kMaxHuffmanSymbols> keys_;
};

// Merges the symbols that may be `bits` long with the packages, pairs of `below`; returns the merged weights' number.
void MergeLevel(const SortedSymbols& symbols, absl::Span<const uint8_t> limits, int bits, Weights& weights,
                Level& level, size_t below) {
  Weights merged;
  size_t package = 0;
  level.size = 0;
  auto add_packages = [&](uint64_t up_to) {
    for (; package + 1 < below && weights[package] + weights[package + 1] < up_to; package += 2) {
      level.is_package[level.size] = true;
      merged[level.size++] = weights[package] + weights[package + 1];
    }
  };
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (limits[symbols.symbol(i)] < bits) continue;
    add_packages(symbols.weight(i));
    level.is_package[level.size] = false;
    merged[level.size++] = symbols.weight(i);
  }
  add_packages(UINT64_MAX);
  std::copy_n(merged.begin(), level.size, weights.begin());
}

// The cheapest `chosen` of the level's items: each symbol among them gets one bit longer. Returns the packages' number.
size_t Choose(const SortedSymbols& symbols, absl::Span<const uint8_t> limits, int bits, const Level& level,
              size_t chosen, absl::Span<uint8_t> lengths) {
  const size_t packages = static_cast<size_t>(
      std::count(level.is_package.begin(), level.is_package.begin() + static_cast<ptrdiff_t>(chosen), true));
  for (size_t i = 0, coins = chosen - packages; coins > 0; ++i) {
    if (limits[symbols.symbol(i)] < bits) continue;
    ++lengths[symbols.symbol(i)];
    --coins;
  }
  return packages;
}

}  // namespace

void LimitedCodeLengths(absl::Span<const uint32_t> weights, absl::Span<const uint8_t> limits,
                        absl::Span<uint8_t> lengths) {
  const SortedSymbols symbols(weights);
  const int longest = *std::max_element(limits.begin(), limits.end());
  std::array<Level, kMaxHuffmanBits + 1> levels;
  Weights sums;
  for (int bits = longest, below = 0; bits > 0; --bits) {
    MergeLevel(symbols, limits, bits, sums, levels[static_cast<size_t>(bits)], static_cast<size_t>(below));
    below = static_cast<int>(levels[static_cast<size_t>(bits)].size);
  }
  std::fill(lengths.begin(), lengths.end(), 0);
  size_t chosen = 2 * (weights.size() - 1);
  for (int bits = 1; bits <= longest && chosen > 0; ++bits) {
    chosen = 2 * Choose(symbols, limits, bits, levels[static_cast<size_t>(bits)], chosen, lengths);
  }
}

void CanonicalCodes(absl::Span<const uint8_t> lengths, absl::Span<BitString> codes) {
  std::array<uint32_t, kMaxHuffmanBits + 2> next = {};  // by length
  for (uint8_t length : lengths) {
    if (length > 0) ++next[length + 1U];
  }
  for (uint32_t bits = 1, start = 0; bits <= kMaxHuffmanBits; ++bits) next[bits] = start = (start + next[bits]) << 1;
  for (size_t s = 0; s < lengths.size(); ++s) {
    const uint32_t n = lengths[s];
    if (n == 0) continue;
    const uint32_t code = next[n]++;
    codes[s] = {0, n};
    for (uint32_t k = 0; k < n; ++k) codes[s].bits |= uint64_t{code >> k & 1} << (n - 1 - k);
  }
}

}  // namespace millrace
