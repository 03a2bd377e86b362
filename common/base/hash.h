// XXH3-128 (Debian's libxxhash) as bytes: the fingerprint of files, rows and outcomes. Not cryptographic.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace millrace {

// 16 bytes, big-endian canonical form (XXH128_canonicalFromHash): the same on every machine.
std::string Xxh3Of(absl::string_view bytes);
// The 64-bit XXH3 of `bytes` with seed 0.
uint64_t Xxh3To64(absl::string_view bytes);
// "0011aaff" of raw bytes.
std::string ToHex(absl::string_view bytes);

// A running XXH3-128. One owner, one thread.
class Xxh3 {
 public:
  Xxh3();
  ~Xxh3();
  Xxh3(Xxh3&&) noexcept;
  Xxh3& operator=(Xxh3&&) noexcept;

  void Update(absl::string_view bytes);
  std::string Digest() const;  // 16 bytes, of all so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
