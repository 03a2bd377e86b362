// How full the disk under a path is (statvfs).
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

struct DiskSpaceInfo {
  int64_t free_bytes = 0;  // what an unprivileged process may still write
  int64_t total_bytes = 0;
};

// Of the disk that holds `path`, or would hold it: walks up to the nearest parent that exists.
absl::StatusOr<DiskSpaceInfo> DiskSpace(absl::string_view path);

}  // namespace millrace
