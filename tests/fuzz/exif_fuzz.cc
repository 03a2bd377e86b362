// Any bytes as a file that may carry EXIF, and as the EXIF itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "common/image/exif.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::vector<char> copy(data, data + size);
  const absl::string_view file(copy.data(), copy.size());
  for (ImageFormat format : {ImageFormat::kJpeg, ImageFormat::kPng, ImageFormat::kWebp, ImageFormat::kBmp}) {
    const int orientation = ExifOrientation(FindExif(format, file));
    if (orientation < 1 || orientation > 8) std::abort();
  }
  const int orientation = ExifOrientation(file);
  if (orientation < 1 || orientation > 8) std::abort();
  return 0;
}
