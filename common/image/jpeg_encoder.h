// Pixels to baseline JPEG, over libjpeg-turbo.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/image/image_encoder.h"

namespace millrace {

// Planes of a picture in YCbCr, or of a gray one. Rows and columns are there, with any value, up to a multiple of 8 (of
// 16 for the rows and columns of Y beside Cb and Cr).
struct PlanarPicture {
  int32_t width = 0;
  int32_t height = 0;
  int channels = 0;
  const uint8_t* planes[3] = {};  // Cb and Cr have half the width and height, rounded up
  size_t strides[3] = {};
};

// See ImageEncoder::AppendJpeg.
class JpegEncoder {
 public:
  JpegEncoder();
  ~JpegEncoder();
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  std::optional<ImageError> Append(const PictureView& picture, int quality, std::string& out);
  std::optional<ImageError> AppendPlanes(const PlanarPicture& picture, int quality, std::string& out);

 private:
  struct Session;
  std::optional<ImageError> End(bool good, size_t before, std::string& out);

  std::unique_ptr<Session> session_;
};

}  // namespace millrace
