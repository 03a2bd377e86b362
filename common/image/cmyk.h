// CMYK as Adobe stores it in JPEG (inverted: 255 is no ink) to RGB.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

// The arithmetic of Pillow's convert("RGB"), to the bit: with nk = 255 - black, red = nk - cyan·nk/255, rounded. `in`
// has 4 bytes a pixel, `out` gets 3; they do not overlap.
void CmykToRgb(const uint8_t* in, size_t pixels, uint8_t* out);

}  // namespace millrace
