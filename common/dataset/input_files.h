// Which CSV files a job reads.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace {

// Absolute paths of the files that `inputs` (absolute paths, file:// URIs, glob patterns) name: in the order given, the
// matches of a pattern by name. A path that exists is taken as it is, even with * ? [ in it. A file named twice is read
// twice. NOT_FOUND: no such file, or a pattern without a match; INVALID_ARGUMENT: not a regular file, another scheme.
absl::StatusOr<std::vector<std::string>> ExpandInputs(absl::Span<const std::string> inputs);

}  // namespace millrace
