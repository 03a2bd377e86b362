#include "worker/pipeline/image_wishes.h"

#include "common/dataset/option_words.h"

namespace millrace {
namespace {

PictureOptions PictureOf(const ConvertSpec& spec) {
  PictureOptions picture;
  picture.color = spec.color() == COLOR_RGB ? PictureOptions::Color::kRgb : PictureOptions::Color::kKeep;
  picture.exif = spec.exif() == EXIF_APPLY ? PictureOptions::Exif::kApply : PictureOptions::Exif::kIgnore;
  if (!spec.has_resize()) return picture;
  using Fit = PictureOptions::Fit;
  const ResizeMode mode = spec.resize().mode();
  const Fit fit = mode == RESIZE_FIT ? Fit::kInside : mode == RESIZE_CENTER_CROP ? Fit::kCenterCrop : Fit::kStretch;
  picture.resize = {spec.resize().width(), spec.resize().height(), fit};
  return picture;
}

ImageLimits LimitsOf(const ConvertSpec& spec) {
  ImageLimits limits;
  if (spec.max_pixels() > 0) limits.max_pixels = spec.max_pixels();
  if (spec.max_image_memory_bytes() > 0) limits.max_memory_bytes = spec.max_image_memory_bytes();
  return limits;
}

}  // namespace

ImageWishes::ImageWishes(const ConvertSpec& spec)
    : payload(spec.payload()),
      validation(spec.validation()),
      jpeg_quality(JpegQualityOf(spec)),
      picture(PictureOf(spec)),
      limits(LimitsOf(spec)) {}

}  // namespace millrace
