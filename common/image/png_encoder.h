// Pixels to PNG, over libpng.
#pragma once

#include <optional>
#include <string>

#include "common/image/image_encoder.h"

namespace millrace {

// See ImageEncoder::AppendPng. Thread-safe.
std::optional<ImageError> AppendPng(const PictureView& picture, std::string& out);

}  // namespace millrace
