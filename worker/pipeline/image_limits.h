// What a job allows one image, with the defaults of proto/job.proto filled in.
#pragma once

#include "common/image/jpeg.h"
#include "proto/job.pb.h"

namespace millrace {

inline ImageLimits LimitsOf(const ConvertSpec& spec) {
  ImageLimits limits;
  if (spec.max_pixels() > 0) limits.max_pixels = spec.max_pixels();
  if (spec.max_image_memory_bytes() > 0) limits.max_memory_bytes = spec.max_image_memory_bytes();
  return limits;
}

}  // namespace millrace
