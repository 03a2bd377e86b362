// JpegRecoder: a JPEG to a JPEG of another size without RGB between them.
//
// Y, Cb and Cr are resized as they are stored: no chroma is enlarged to be reduced again, no colour is converted forth
// and back, and half the samples are touched. docs/images.md has the times. Chroma goes straight from the
// source's sampling (4:4:4, 4:2:2, 4:2:0, …) to 4:2:0, sampled at the middle of its pixels as JFIF says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/image/jpeg.h"
#include "common/image/jpeg_encoder.h"
#include "common/image/resizer.h"

namespace millrace {

// One owner, one thread at a time; reuse it, it keeps its buffers.
class JpegRecoder {
 public:
  // Memory beside the decoder's, known from the plan.
  static int64_t Bytes(const ResizePlan& plan);

  // Resizes the file that is open in `decoder`, which has planes, and appends it to `out`. On an error `out` is as it
  // was.
  std::optional<ImageError> Append(JpegDecoder& decoder, const ResizePlan& plan, int quality, std::string& out);

 private:
  struct Plane {
    Resizer resizer;
    std::vector<uint8_t> samples;
    size_t width = 0;
    size_t stride = 0;
    size_t rows = 0;  // that have come

    void Start(const JpegPlane& stored, const ResizePlan& plan, int shared);
    void Add(const uint8_t* row);
    void Finish();
  };

  Plane planes_[3];
  JpegEncoder encoder_;
};

}  // namespace millrace
