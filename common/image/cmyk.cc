#include "common/image/cmyk.h"

namespace millrace {
namespace {

// round(a · b / 255) without a division, as Pillow's MULDIV255.
uint32_t MulDiv255(uint32_t a, uint32_t b) {
  uint32_t product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

}  // namespace

void CmykToRgb(const uint8_t* in, size_t pixels, uint8_t* out) {
  for (size_t i = 0; i < pixels; ++i, in += 4, out += 3) {
    const uint32_t light = in[3];  // 255 - black, as it is stored inverted
    for (int k = 0; k < 3; ++k) out[k] = static_cast<uint8_t>(light - MulDiv255(255u - in[k], light));
  }
}

}  // namespace millrace
