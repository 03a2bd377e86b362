#include "common/image/bmp_rle.h"

#include <algorithm>

namespace millrace {
namespace {

class Unpacker {
 public:
  Unpacker(absl::string_view data, int bits, size_t width, absl::Span<uint8_t> out)
      : data_(data), bits_(bits), width_(width), rows_(out.size() / width), out_(out) {}

  BmpRleEnd Run();

 private:
  enum Escape : uint8_t { kEndOfLine = 0, kEndOfBitmap = 1, kJump = 2 };  // from 3: that many literal indices

  bool Has(size_t bytes) const { return data_.size() - at_ >= bytes; }
  uint8_t Next() { return static_cast<uint8_t>(data_[at_++]); }
  bool full() const { return y_ >= rows_ || (y_ + 1 == rows_ && x_ == width_); }
  void Put(uint8_t index) { out_[y_ * width_ + x_++] = index; }
  // Index k of a pair of 4-bit ones, or the byte itself.
  uint8_t Index(uint8_t byte, size_t k) const {
    if (bits_ == 8) return byte;
    return k % 2 == 0 ? byte >> 4 : byte & 15;
  }
  bool Literal(size_t count);
  bool Jump();

  const absl::string_view data_;
  const int bits_;
  const size_t width_;
  const size_t rows_;
  const absl::Span<uint8_t> out_;
  size_t at_ = 0;
  size_t x_ = 0;
  size_t y_ = 0;
  bool truncated_ = false;
};

BmpRleEnd Unpacker::Run() {
  while (!full()) {
    if (!Has(2)) return BmpRleEnd::kTruncated;
    const uint8_t count = Next();
    const uint8_t value = Next();
    if (count > 0) {  // some writers let the last run of a row stick out
      const size_t fits = std::min<size_t>(count, width_ - x_);
      for (size_t k = 0; k < fits; ++k) Put(Index(value, k));
    } else if (value == kEndOfLine) {
      x_ = 0;
      ++y_;
    } else if (value == kEndOfBitmap) {
      return BmpRleEnd::kCorrupt;
    } else if (value == kJump ? !Jump() : !Literal(value)) {
      return truncated_ ? BmpRleEnd::kTruncated : BmpRleEnd::kCorrupt;
    }
  }
  return BmpRleEnd::kGood;
}

bool Unpacker::Literal(size_t count) {
  const size_t bytes = bits_ == 8 ? count : (count + 1) / 2;
  truncated_ = !Has(bytes);
  if (truncated_ || count > width_ - x_) return false;
  for (size_t k = 0; k < count; ++k) Put(Index(static_cast<uint8_t>(data_[at_ + (bits_ == 8 ? k : k / 2)]), k));
  at_ = std::min(at_ + bytes + bytes % 2, data_.size());  // runs begin at even bytes
  return true;
}

bool Unpacker::Jump() {
  truncated_ = !Has(2);
  if (truncated_) return false;
  x_ += Next();
  y_ += Next();
  return x_ <= width_ && y_ < rows_;
}

}  // namespace

BmpRleEnd UnpackBmpRle(absl::string_view data, int bits, size_t width, absl::Span<uint8_t> out) {
  return Unpacker(data, bits, width, out).Run();
}

}  // namespace millrace
