#include "common/image/format_decoder.h"

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"

namespace millrace {

std::optional<ImageError> CheckLimits(int64_t width, int64_t height, int64_t needed_bytes, const ImageLimits& limits,
                                      absl::string_view kind) {
  if (width * height > limits.max_pixels) {
    return ImageError{"image/too_many_pixels",
                      absl::StrCat(width, "x", height, " is ", WithThousands(width * height),
                                   " pixels, --max-pixels is ", WithThousands(limits.max_pixels))};
  }
  if (needed_bytes > limits.max_memory_bytes) {
    return ImageError{
        "image/too_large_for_memory",
        absl::StrCat(width, "x", height, kind, " needs ", WithThousands(needed_bytes), " bytes, the job allows ",
                     WithThousands(limits.max_memory_bytes), " for one image")};
  }
  return std::nullopt;
}

ImageError TruncatedAfter(size_t file_bytes, int64_t rows, int64_t height) {
  std::string detail = absl::StrCat("the file ends after ", WithThousands(static_cast<int64_t>(file_bytes)), " bytes");
  if (height == 0) return {"decode/truncated", absl::StrCat(detail, ", before the first row")};
  return {"decode/truncated",
          absl::StrCat(detail, ", ", WithThousands(rows), " of ", WithThousands(height), " rows decoded")};
}

}  // namespace millrace
