// Transparent pixels, as they look on a white page.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

// colour·alpha/255 + 255·(1 - alpha/255), rounded: what Pillow's white.paste(picture, mask=alpha) gives, to the bit.
// `in` has `channels` (1 or 3) colours and then alpha for each pixel; `out` gets the colours, and may be `in`.
void OverWhite(const uint8_t* in, size_t pixels, int channels, uint8_t* out);

}  // namespace millrace
