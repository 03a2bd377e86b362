// Small files of every format, for tests: made by our own encoders, by libwebp, and by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/image/image_encoder.h"
#include "common/image/sniff.h"

namespace millrace {

// Waves with a little noise; the same for the same arguments.
struct Pixels {
  Pixels(int width, int height, int channels, int seed = 0);
  PictureView view() const { return {bytes.data(), width, height, channels}; }

  int width;
  int height;
  int channels;
  std::vector<uint8_t> bytes;
};

std::string MakePng(const Pixels& pixels);
std::string MakeWebp(const Pixels& pixels, bool lossless = true);  // 3 channels
std::string MakeBmp(const Pixels& pixels);                         // 3 channels, 24 bits, from the bottom
// JPEG quality 90, PNG, lossless WebP, BMP.
std::string MakeFile(ImageFormat format, const Pixels& pixels);

// An EXIF structure that has an orientation, and files that carry one.
std::string MakeExif(int orientation, bool big_endian = false);
std::string WithExif(ImageFormat format, const std::string& file, const std::string& exif);

// A PNG chunk with its CRC; a RIFF chunk with its padding.
std::string PngChunk(absl::string_view name, absl::string_view body);
std::string RiffChunk(absl::string_view name, absl::string_view body);

// `value` in `size` bytes.
std::string LittleEndian(uint64_t value, int size);
std::string BigEndian(uint64_t value, int size);

}  // namespace millrace
