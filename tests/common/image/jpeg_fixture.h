// JPEG files made by libjpeg itself, for tests: no photograph has to lie in the repository.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace millrace {

struct JpegFixture {
  int width = 40;
  int height = 30;
  int components = 3;  // 1 gray, 3 YCbCr, 4 CMYK with an Adobe marker
  bool ycck = false;   // with 4 components: stored as YCCK
  bool progressive = false;
  bool one_scan_a_coefficient = false;  // progressive in 190 scans
  int quality = 90;
  int seed = 0;  // another seed, another picture
};

std::string MakeJpeg(const JpegFixture& fixture);

// The file with another size written into its frame header: what a decompression bomb looks like.
std::string WithSize(std::string jpeg, int width, int height);

}  // namespace millrace
