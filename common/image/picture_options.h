// How a stored image becomes the picture of a record. The same words as in proto/job.proto, which this folder does not
// know.
#pragma once

#include <cstdint>
#include <optional>

namespace millrace {

struct PictureOptions {
  enum class Color {
    kKeep,  // gray stays 1 channel, everything else is RGB
    kRgb,   // always 3 channels
  };
  enum class Exif {
    kIgnore,  // pixels as stored, as TFRecorder
    kApply,   // turned and mirrored as the EXIF orientation says
  };
  enum class Fit {
    kStretch,     // to exactly width x height
    kInside,      // keeps the aspect ratio: the largest picture inside width x height, without a border
    kCenterCrop,  // keeps the aspect ratio: fills width x height, what sticks out is cut off evenly
  };
  struct Resize {
    int32_t width = 0;  // of the picture as seen, at least 1
    int32_t height = 0;
    Fit fit = Fit::kStretch;
  };

  Color color = Color::kKeep;
  Exif exif = Exif::kIgnore;
  std::optional<Resize> resize = std::nullopt;  // also enlarges
};

}  // namespace millrace
