// Why an image cannot be used: the row becomes a dead letter with these words.
#pragma once

#include <string>
#include <variant>

#include "absl/strings/string_view.h"

namespace millrace {

struct ImageError {
  absl::string_view reason;  // a literal: one of the words of common/dataset/reasons.h, "decode/truncated"
  std::string detail;        // "the file ends after 8,192 bytes, in row 70 of 374"; what was found, may be empty
};

// A value or an ImageError.
template <typename T>
using ImageOr = std::variant<T, ImageError>;

}  // namespace millrace
