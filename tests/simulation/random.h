// The only source of chance in a simulation: SplitMix64 (Steele, Lea, Flood 2014), so that a seed means the same on
// every machine and with every standard library.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace millrace::simulation {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0x1234567) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  int64_t Between(int64_t low, int64_t high) {  // both included
    return low + static_cast<int64_t>(Next() % static_cast<uint64_t>(high - low + 1));
  }
  bool Chance(double probability) { return static_cast<double>(Next() >> 11) * 0x1p-53 < probability; }
  absl::Duration Milliseconds(int64_t low, int64_t high) { return absl::Milliseconds(Between(low, high)); }

 private:
  uint64_t state_;
};

}  // namespace millrace::simulation
