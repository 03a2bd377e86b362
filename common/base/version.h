// What --version prints: set once by CMake.
#pragma once

#include "absl/strings/string_view.h"

namespace millrace {

inline constexpr absl::string_view kVersion = MILLRACE_VERSION;

}  // namespace millrace
