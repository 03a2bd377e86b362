// Where a worker may write: --file-root confines outputs as it confines inputs and images.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace millrace {

// FAILED_PRECONDITION (another worker may have other roots) unless the folder `output`, or the nearest parent of it
// that exists, lies below or is one of `roots`, links followed. No roots: anywhere. Thread-safe.
absl::Status CheckOutputRoots(absl::string_view output, const std::vector<std::string>& roots);

}  // namespace millrace
