// A record of the payload raw_base64 read back by protobuf and Abseil: the oracle of tests.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

struct DecodedExample {
  std::string pixels;  // height × width × channels bytes, rows from the top; base64 already decoded
  std::string image_name;
  std::string split;
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  int64_t label = 0;
  int64_t features = 0;  // of the record, with those that are ignored; Millrace writes seven
};

// DATA_LOSS naming the feature: not an Example, one missing, of another kind or with more than one value, text that is
// not base64url, or another number of pixels than height × width × channels. Other features are ignored.
absl::StatusOr<DecodedExample> DecodeExample(absl::string_view record);

}  // namespace millrace
