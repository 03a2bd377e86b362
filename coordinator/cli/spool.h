// Standard input as a file: a job must be able to read it again after a crash, so it cannot stay a pipe.
#pragma once

#include <istream>
#include <string>

#include "absl/status/statusor.h"

namespace millrace::cli {

// Copies `in` to FOLDER/<XXH3 of the bytes>.csv (.csv.gz if it is gzip) and returns the path. The same bytes give the
// same file. Not durable by itself: the same command makes it again. RESOURCE_EXHAUSTED: the disk is full.
absl::StatusOr<std::string> SpoolStandardInput(std::istream& in, const std::string& folder);

}  // namespace millrace::cli
