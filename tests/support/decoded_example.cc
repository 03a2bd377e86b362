#include "tests/support/decoded_example.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "proto/example.pb.h"

namespace millrace {
namespace {

absl::StatusOr<const Feature*> Find(const Example& example, const char* name) {
  const auto& features = example.features().feature();
  auto found = features.find(name);
  if (found == features.end()) return absl::DataLossError(absl::StrCat("the example has no feature '", name, "'"));
  return &found->second;
}

absl::StatusOr<std::string> BytesOf(const Example& example, const char* name) {
  MILLRACE_ASSIGN_OR_RETURN(const Feature* feature, Find(example, name));
  if (feature->bytes_list().value_size() == 1) return feature->bytes_list().value(0);
  return absl::DataLossError(absl::StrCat("feature '", name, "' is not one byte string"));
}

absl::StatusOr<int64_t> IntOf(const Example& example, const char* name) {
  MILLRACE_ASSIGN_OR_RETURN(const Feature* feature, Find(example, name));
  if (feature->int64_list().value_size() == 1) return feature->int64_list().value(0);
  return absl::DataLossError(absl::StrCat("feature '", name, "' is not one integer"));
}

absl::Status CheckSize(const DecodedExample& example) {
  constexpr int64_t kMostRows = 1 << 20;
  const bool sane = example.height > 0 && example.width > 0 && example.height < kMostRows &&
                    example.width < kMostRows && (example.channels == 1 || example.channels == 3);
  if (!sane) {
    return absl::DataLossError(
        absl::StrCat("not an image size: ", example.width, "x", example.height, "x", example.channels));
  }
  const int64_t expected = example.height * example.width * example.channels;
  if (static_cast<int64_t>(example.pixels.size()) == expected) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("feature 'image' has ", WithThousands(example.pixels.size()), " bytes, ",
                                          example.width, "x", example.height, "x", example.channels, " needs ",
                                          WithThousands(expected)));
}

}  // namespace

absl::StatusOr<DecodedExample> DecodeExample(absl::string_view record) {
  Example example;
  if (record.size() > INT32_MAX || !example.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
    return absl::DataLossError("the record is not a tf.train.Example");
  }
  DecodedExample decoded;
  decoded.features = static_cast<int64_t>(example.features().feature().size());
  MILLRACE_ASSIGN_OR_RETURN(const Feature* image, Find(example, "image"));
  if (image->bytes_list().value_size() != 1 ||
      !absl::WebSafeBase64Unescape(image->bytes_list().value(0), &decoded.pixels)) {
    return absl::DataLossError("feature 'image' is not base64url text");
  }
  MILLRACE_ASSIGN_OR_RETURN(decoded.image_name, BytesOf(example, "image_name"));
  MILLRACE_ASSIGN_OR_RETURN(decoded.split, BytesOf(example, "split"));
  MILLRACE_ASSIGN_OR_RETURN(decoded.height, IntOf(example, "image_height"));
  MILLRACE_ASSIGN_OR_RETURN(decoded.width, IntOf(example, "image_width"));
  MILLRACE_ASSIGN_OR_RETURN(decoded.channels, IntOf(example, "image_channels"));
  MILLRACE_ASSIGN_OR_RETURN(decoded.label, IntOf(example, "label"));
  MILLRACE_RETURN_IF_ERROR(CheckSize(decoded));
  return decoded;
}

}  // namespace millrace
