// Pixels to baseline JPEG, over libjpeg-turbo.
#pragma once

#include <memory>
#include <string>

#include "common/image/image_encoder.h"

namespace millrace {

// See ImageEncoder::AppendJpeg.
class JpegEncoder {
 public:
  JpegEncoder();
  ~JpegEncoder();
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  std::optional<ImageError> Append(const PictureView& picture, int quality, std::string& out);

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace millrace
