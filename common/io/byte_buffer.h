// Room for bytes that are about to be overwritten: unlike std::string and std::vector it clears nothing, which for
// pixels costs as much as decoding their text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace {

// Reused from use to use: it never gives memory back before its end.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& other) noexcept { *this = std::move(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  // Bytes below the smaller of both sizes stay; the others are undefined.
  void Resize(size_t size) {
    if (size > capacity_) Grow(size);
    size_ = size;
  }

  uint8_t* data() { return bytes_.get(); }
  const uint8_t* data() const { return bytes_.get(); }
  char* chars() { return reinterpret_cast<char*>(bytes_.get()); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  absl::string_view view() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }
  absl::Span<const uint8_t> span() const { return {bytes_.get(), size_}; }

 private:
  void Grow(size_t capacity) {
    auto bytes = std::make_unique_for_overwrite<uint8_t[]>(capacity);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace millrace
