#include "common/image/alpha.h"

namespace millrace {
namespace {

template <int kChannels>
void Blend(const uint8_t* in, size_t pixels, uint8_t* out) {
  for (size_t i = 0; i < pixels; ++i, in += kChannels + 1, out += kChannels) {
    const uint32_t alpha = in[kChannels];
    for (int c = 0; c < kChannels; ++c) {
      const uint32_t sum = in[c] * alpha + 255u * (255u - alpha) + 128;
      out[c] = static_cast<uint8_t>(((sum >> 8) + sum) >> 8);  // sum / 255, rounded
    }
  }
}

}  // namespace

void OverWhite(const uint8_t* in, size_t pixels, int channels, uint8_t* out) {
  channels == 1 ? Blend<1>(in, pixels, out) : Blend<3>(in, pixels, out);
}

}  // namespace millrace
