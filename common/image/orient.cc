#include "common/image/orient.h"

#include <cstring>

#include "common/image/exif.h"

namespace millrace {
namespace {

template <int kChannels>
void Copy(const uint8_t* in, ptrdiff_t width, ptrdiff_t rows, uint8_t* out, ptrdiff_t across, ptrdiff_t down) {
  for (ptrdiff_t x = 0; x < width; ++x) {
    for (ptrdiff_t y = 0; y < rows; ++y) {
      const uint8_t* pixel = in + (y * width + x) * kChannels;
      std::memcpy(out + (x * across + y * down) * kChannels, pixel, kChannels);
    }
  }
}

}  // namespace

OrientedWriter::OrientedWriter(uint8_t* out, int32_t width, int32_t height, int channels, int orientation)
    : out_(out), width_(width), channels_(channels) {
  const ptrdiff_t w = width, h = height;
  const bool swap = SwapsSides(orientation);
  // Whether the stored picture's columns, rows run against those of the seen one.
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  across_ = swap ? h : 1;
  down_ = swap ? 1 : w;
  if (mirror_x) {
    start_ += (w - 1) * across_;
    across_ = -across_;
  }
  if (mirror_y) {
    start_ += (h - 1) * down_;
    down_ = -down_;
  }
}

void OrientedWriter::Push(absl::Span<const uint8_t> rows) {
  const ptrdiff_t count = static_cast<ptrdiff_t>(rows.size()) / (width_ * channels_);
  uint8_t* out = out_ + (start_ + row_ * down_) * channels_;
  row_ += count;
  if (across_ == 1 && down_ == width_) {
    std::memcpy(out, rows.data(), rows.size());
  } else if (channels_ == 1) {
    Copy<1>(rows.data(), width_, count, out, across_, down_);
  } else {
    Copy<3>(rows.data(), width_, count, out, across_, down_);
  }
}

}  // namespace millrace
