// Writes one picture as a PNG file, over libpng.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace millrace {

// `pixels`: height × width × channels bytes, channels 1 (gray) or 3 (RGB). An existing file is replaced. UNAVAILABLE
// names the path.
absl::Status WritePng(const std::string& path, absl::string_view pixels, int64_t height, int64_t width,
                      int64_t channels);

}  // namespace millrace
