// Pixels to image files, appended to a string. The same pixels give the same bytes with the same ImageVersions(); of a
// PNG only with the same igzip kernel (GzipVersions() of common/io names it): another finds other matches.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "common/image/image_error.h"

namespace millrace {

// A borrowed picture: rows from the top, without padding.
struct PictureView {
  const uint8_t* pixels = nullptr;
  int32_t width = 0;
  int32_t height = 0;
  int32_t channels = 0;  // 1 gray, 3 RGB

  int64_t row_bytes() const { return int64_t{width} * channels; }
};

// One owner, one thread at a time; reuse it, it keeps its buffers.
class ImageEncoder {
 public:
  ImageEncoder();
  ~ImageEncoder();
  ImageEncoder(const ImageEncoder&) = delete;
  ImageEncoder& operator=(const ImageEncoder&) = delete;

  // Baseline JPEG as Pillow's save() makes it: 4:2:0, JFIF, standard tables; `quality` 1 to 100. An error, and `out` as
  // it was, if a side is longer than a JPEG can have (65,500): "encode/too_large".
  std::optional<ImageError> AppendJpeg(const PictureView& picture, int quality, std::string& out);

  // 8-bit gray or RGB PNG. Never an error.
  std::optional<ImageError> AppendPng(const PictureView& picture, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
