// A permutation of [0, n) that needs no memory: how --shuffle-seed mixes rows over shards. Any worker computes any
// position by itself.
//
// A four-round Feistel network on the smallest even number of bits that holds n (Luby and Rackoff, 1988), walked until
// the value falls below n (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002): at most about four steps
// on average. Round function: XXH3-64 of (round, half, seed). These choices are part of the output format: changing one
// changes every shuffled dataset.
#pragma once

#include <cstdint>

namespace millrace {

class Permutation {
 public:
  // n ≥ 0.
  Permutation(int64_t n, uint64_t seed);
  // For 0 ≤ i < n: a bijection of [0, n).
  int64_t operator()(int64_t i) const;

 private:
  uint64_t Encrypt(uint64_t value) const;
  uint64_t Round(int round, uint64_t half) const;

  const uint64_t n_;
  const uint64_t seed_;
  const int half_bits_;
};

}  // namespace millrace
