// A JPEG's markers from start to end of the image, without decoding: for files that are passed through byte for byte.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "common/image/image_error.h"
#include "common/image/image_limits.h"

namespace millrace {

struct JpegStructure {
  int32_t width = 0;
  int32_t height = 0;
  int32_t channels = 0;     // of the picture when decoded: 1 or 3
  int components = 0;       // as stored: 4 is CMYK or YCCK, which many readers show in wrong colours
  int64_t image_bytes = 0;  // up to and with the end marker; what lies behind is not part of the image
  int orientation = 1;      // EXIF
};

// Errors have the reasons that decoding has, where markers show it: not a JPEG, cut off, no end marker, damaged segment
// lengths, a marker that libjpeg does not decode, too many pixels or scans. Damage inside the coded data is not seen.
// Bytes behind the end marker are allowed. Allocates nothing on success.
ImageOr<JpegStructure> CheckJpegStructure(absl::string_view file, const ImageLimits& limits);

}  // namespace millrace
