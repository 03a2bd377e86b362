// A pseudo-random order of 0 … n-1 that needs no memory: a keyed Feistel network over the smallest even number of bits
// that holds n, walked until it falls below n (cycle walking). For --shuffle-seed: ordinal k of the output is row
// permutation(k) of the row log.
//
// A format: the same (n, seed) gives the same order in every version. Constants: six rounds; round key i is the i-th
// output of SplitMix64 started at the seed; the round function is SplitMix64's finaliser of (half + key), its low bits.
#pragma once

#include <array>
#include <cstdint>

namespace millrace {

class Permutation {
 public:
  Permutation(uint64_t n, uint64_t seed);  // n < 2^62

  // A bijection of [0, n). `k` < n. A few dozen nanoseconds.
  uint64_t operator()(uint64_t k) const;

 private:
  static constexpr int kRounds = 6;
  uint64_t Encrypt(uint64_t value) const;

  uint64_t n_;
  int half_bits_;
  uint64_t half_mask_;
  std::array<uint64_t, kRounds> keys_;
};

}  // namespace millrace
