// Streams for tests of the pixel deflate: records of images with everything that photographs and drawings have.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/deflate/pixel_deflate_writer.h"

namespace millrace {

struct HintedImage {
  int64_t offset = 0;  // in the stream
  int64_t row = 0;
  int64_t total = 0;
};

// Bytes and where their images are.
struct PixelStream {
  std::string bytes;
  std::vector<HintedImage> images;

  // A head, `height` rows of `width` groups of text, some padding and a tail.
  void AddImage(size_t width, size_t height, std::mt19937& random);
};

// Text of groups that repeat the left and the upper neighbour now and then, in runs.
std::string ImageText(size_t width, size_t height, std::mt19937& random);

// The gzip member. `cuts` makes calls of random sizes, half of them through Room and Advance.
std::string DeflatePixels(const PixelStream& stream, PixelKernel kernel, std::mt19937* cuts = nullptr,
                          PixelForm form = PixelForm::kText);

}  // namespace millrace
