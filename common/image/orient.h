// Puts rows of a picture as it is stored where they belong in the picture as it is seen.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace millrace {

// Borrows `out`, which has room for width · height pixels.
class OrientedWriter {
 public:
  OrientedWriter() = default;
  // `width` and `height` of the stored rows; `orientation` as EXIF's, 1 to 8.
  OrientedWriter(uint8_t* out, int32_t width, int32_t height, int channels, int orientation);

  // The next rows from the top: whole rows, as many as one likes.
  void Push(absl::Span<const uint8_t> rows);

 private:
  uint8_t* out_ = nullptr;
  ptrdiff_t width_ = 0;
  ptrdiff_t channels_ = 0;
  ptrdiff_t start_ = 0;   // where the stored pixel (0, 0) goes, in pixels
  ptrdiff_t across_ = 0;  // from a pixel to its right neighbour's place
  ptrdiff_t down_ = 0;    // to that of the pixel below
  ptrdiff_t row_ = 0;
};

}  // namespace millrace
