// What a job wants of every image, and what it allows one, with the defaults of proto/job.proto filled in.
#pragma once

#include "common/image/image_limits.h"
#include "common/image/picture_options.h"
#include "proto/job.pb.h"

namespace millrace {

struct ImageWishes {
  explicit ImageWishes(const ConvertSpec& spec);

  // Records hold files, not pixels.
  bool files() const { return payload == PAYLOAD_JPEG || payload == PAYLOAD_PNG; }

  Payload payload;
  Validation validation;
  int jpeg_quality;
  PictureOptions picture;
  ImageLimits limits;
};

}  // namespace millrace
