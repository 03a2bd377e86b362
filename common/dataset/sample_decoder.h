// Records of one payload to samples. One owner, one thread; reuse it, it keeps its buffers.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/dataset/sample.h"
#include "common/record/example_view.h"
#include "proto/job.pb.h"

namespace millrace {

enum class DecodeDepth {
  kPixels,     // everything
  kStructure,  // JPEG: markers to the end of the image; PNG: the header. The sample has no pixels then. For the other
               // payloads the same as kPixels
};

class SampleDecoder {
 public:
  // Of one picture: as many RGB pixels as fit a record.
  static constexpr int64_t kMaxPixels = (int64_t{1} << 31) / 3;

  explicit SampleDecoder(Payload payload, DecodeDepth depth = DecodeDepth::kPixels);
  ~SampleDecoder();

  // Sets all but the sample's place. DATA_LOSS says what is wrong: not an Example, a feature that is missing or of
  // another kind, text that is not base64url, a picture that is damaged or of another size than the record says.
  absl::Status Decode(absl::string_view record, Sample& sample);

  const ExampleView& example() const { return example_; }  // of the last record

 private:
  struct Images;

  absl::Status ReadFields(Sample& sample);
  absl::Status DecodeText(absl::string_view text, Sample& sample);
  absl::Status DecodeFile(absl::string_view file, Sample& sample);

  const Payload payload_;
  const DecodeDepth depth_;
  ExampleView example_;
  const std::unique_ptr<Images> images_;
};

}  // namespace millrace
