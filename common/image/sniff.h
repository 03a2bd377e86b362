// What a file is, from its first bytes: names and servers' content types are not trusted.
#pragma once

#include <optional>
#include <variant>

#include "absl/strings/string_view.h"
#include "common/image/image_error.h"

namespace millrace {

enum class ImageFormat { kJpeg, kPng, kWebp, kBmp };

// "JPEG"
absl::string_view NameOf(ImageFormat format);

// The format of a file that ImageDecoder reads; else decode/format for another kind of image, decode/not_an_image for
// everything else, with what it seems to be, and decode/truncated for a file that ends within its first bytes.
ImageOr<ImageFormat> SniffFormat(absl::string_view file);

}  // namespace millrace
