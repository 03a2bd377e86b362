// --schema FILE: which columns of the input become which features. One thread.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace millrace::cli {

// YAML, a type for every column, in the order in which they stand in a file without a header:
//
//   columns:
//     partition: split_key
//     photo: image_uri
//     breed: string_label
//     age: float
//
// Types: split_key, image_uri, string_label, integer_label, integer, float, string. `name` is for error texts.
// INVALID_ARGUMENT "--schema: name:3: …".
absl::StatusOr<std::vector<Column>> ParseSchema(absl::string_view text, absl::string_view name);

}  // namespace millrace::cli
