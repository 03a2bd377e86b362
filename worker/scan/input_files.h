// Which files a job's inputs are, on this machine.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"

namespace millrace {

// Absolute paths in the order of spec.inputs; a pattern (*, ?, [) stands for its matches by name; a folder of pictures
// ends with '/'. INVALID_ARGUMENT: a pattern without a match, a pipe, a folder where the format says file or the
// other way round. NOT_FOUND, PERMISSION_DENIED as the system says. FAILED_PRECONDITION:
// outside `file_roots` (real paths; empty: anywhere).
absl::StatusOr<std::vector<std::string>> InputFiles(const ConvertSpec& spec,
                                                    const std::vector<std::string>& file_roots);

}  // namespace millrace
