// Bits in deflate's order: the first bit of the stream is the lowest of the first byte (RFC 1951 §3.1.1).
#pragma once

#include <cstdint>
#include <cstring>

namespace millrace {

// Some bits to write, lowest first.
struct BitString {
  uint64_t bits = 0;
  uint32_t count = 0;

  void Add(uint64_t more, uint32_t n) {
    bits |= more << count;
    count += n;
  }
  void Add(const BitString& next) { Add(next.bits, next.count); }
};

// Borrows its room, which must reach 8 bytes behind the last bit. A plain struct of three words, so that a kernel can
// keep a copy in registers.
struct BitWriter {
  uint8_t* out;
  uint64_t pending = 0;
  uint32_t count = 0;  // of pending bits; at most 7 between two calls

  // At most 57 bits. Writes eight bytes and keeps what is not a whole byte.
  void Put(uint64_t bits, uint32_t n) {
    pending |= bits << count;
    count += n;
    std::memcpy(out, &pending, sizeof pending);
    out += count >> 3;
    pending >>= count & 56;
    count &= 7;
  }
  void Put(const BitString& string) { Put(string.bits, string.count); }
  void PadToByte() { Put(0, (8 - count) & 7); }
};

}  // namespace millrace
