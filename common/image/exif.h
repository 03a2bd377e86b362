// The one EXIF tag that changes how a picture is seen (EXIF 2.32, tag 0x0112), and where formats keep it.
#pragma once

#include "absl/strings/string_view.h"
#include "common/image/sniff.h"

namespace millrace {

// Orientation from a TIFF structure ("II" or "MM", IFD0): 1 to 8. 1 if it is absent or damaged: metadata never makes an
// image unusable.
int ExifOrientation(absl::string_view tiff);

// The TIFF structure in a file: JPEG's APP1 before the first scan, PNG's eXIf, WebP's EXIF chunk; empty if there is
// none, and for BMP, which has no place for it.
absl::string_view FindExif(ImageFormat format, absl::string_view file);

// 1 as stored · 2 mirrored left to right · 3 turned by 180° · 4 mirrored top to bottom · 5 transposed · 6 to be turned
// 90° clockwise · 7 transposed along the other diagonal · 8 to be turned 90° counterclockwise.
inline bool SwapsSides(int orientation) { return orientation >= 5; }

}  // namespace millrace
