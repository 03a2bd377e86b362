// The run-length coding of BMP: RLE8 and RLE4.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace {

enum class BmpRleEnd {
  kGood,
  kTruncated,  // the data end before the picture does
  kCorrupt,    // a run leaves its row, or the end mark comes before the picture is full
};

// Indices, one a byte, in rows of `width`, in the order of the file. `bits` is 4 or 8; `out` is zeroed, its size a
// multiple of `width`. Pixels that the coding jumps over keep index 0.
BmpRleEnd UnpackBmpRle(absl::string_view data, int bits, size_t width, absl::Span<uint8_t> out);

}  // namespace millrace
