#include "common/dataset/permutation.h"

#include <bit>
#include <cstring>

#include "absl/strings/string_view.h"
#include "common/base/hash.h"

namespace millrace {
namespace {

constexpr int kRounds = 4;

int HalfBits(int64_t n) {
  const int bits = n > 1 ? std::bit_width(static_cast<uint64_t>(n - 1)) : 1;
  return (bits + 1) / 2;
}

}  // namespace

Permutation::Permutation(int64_t n, uint64_t seed)
    : n_(static_cast<uint64_t>(n)), seed_(seed), half_bits_(HalfBits(n)) {}

int64_t Permutation::operator()(int64_t i) const {
  uint64_t value = static_cast<uint64_t>(i);
  do {
    value = Encrypt(value);
  } while (value >= n_);
  return static_cast<int64_t>(value);
}

uint64_t Permutation::Encrypt(uint64_t value) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = value >> half_bits_, right = value & mask;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t next = left ^ (Round(round, right) & mask);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

uint64_t Permutation::Round(int round, uint64_t half) const {
  const uint64_t words[3] = {static_cast<uint64_t>(round), half, seed_};
  char bytes[sizeof words];
  std::memcpy(bytes, words, sizeof words);
  return Xxh3To64(absl::string_view(bytes, sizeof bytes));
}

}  // namespace millrace
