// What one image may cost.
#pragma once

#include <cstdint>

namespace millrace {

struct ImageLimits {
  int64_t max_pixels = 178'956'970;               // as stored and as resized. Pillow's limit: 2^31 / 12
  int64_t max_memory_bytes = int64_t{320} << 20;  // file + decoder + rows, for one image
  int max_scans = 100;                            // of a progressive file: each costs a pass over all coefficients
};

}  // namespace millrace
