#include "common/image/image_encoder.h"

#include "common/image/jpeg_encoder.h"
#include "common/image/png_encoder.h"

namespace millrace {

struct ImageEncoder::State {
  JpegEncoder jpeg;
  PngEncoder png;
};

ImageEncoder::ImageEncoder() : state_(std::make_unique<State>()) {}
ImageEncoder::~ImageEncoder() = default;

std::optional<ImageError> ImageEncoder::AppendJpeg(const PictureView& picture, int quality, std::string& out) {
  return state_->jpeg.Append(picture, quality, out);
}

std::optional<ImageError> ImageEncoder::AppendPng(const PictureView& picture, std::string& out) {
  state_->png.Append(picture, out);
  return std::nullopt;
}

}  // namespace millrace
