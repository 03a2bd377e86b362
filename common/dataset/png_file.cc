#include "common/dataset/png_file.h"

#include <png.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace millrace {

absl::Status WritePng(const std::string& path, absl::string_view pixels, int64_t height, int64_t width,
                      int64_t channels) {
  if (static_cast<int64_t>(pixels.size()) != height * width * channels) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": the pixels do not fit the picture's size"));
  }
  // libpng's simplified interface reports errors without longjmp.
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  image.flags = PNG_IMAGE_FLAG_FAST;
  if (png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr) != 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": cannot write the picture: ", image.message));
}

}  // namespace millrace
