// Buffer: bytes without a value, reused from row to row. std::vector would clear what the decoder is about to fill.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace millrace {

class Buffer {
 public:
  // Room for `n` bytes; what was in it is lost when it grows.
  uint8_t* Reserve(size_t n) {
    if (n <= capacity_) return bytes_.get();
    bytes_.reset();  // first: the old and the new one are never there together
    bytes_.reset(new uint8_t[n]);
    capacity_ = n;
    return bytes_.get();
  }
  // Frees it if it is larger than `keep`: what a huge image needed is not kept for small ones.
  void Shrink(size_t keep) {
    if (capacity_ <= keep) return;
    bytes_.reset();
    capacity_ = 0;
  }
  const uint8_t* data() const { return bytes_.get(); }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t capacity_ = 0;
};

}  // namespace millrace
