// An input that is no file made one: a job must be able to read it again after a crash, and all its attempts must read
// the same.
#pragma once

#include <istream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/io/byte_stream.h"

namespace millrace::cli {

// Copies `in` to FOLDER/<XXH3 of the bytes>.csv (.csv.gz if it is gzip) and returns the path. The same bytes give the
// same file. Not durable by itself: the same command makes it again. RESOURCE_EXHAUSTED: the disk is full.
absl::StatusOr<std::string> SpoolStandardInput(std::istream& in, const std::string& folder);
// The same for bytes from elsewhere, with an extension that tells their form (".csv", ".jsonl"). Errors of `in` as they
// are.
absl::StatusOr<std::string> Spool(ByteSource& in, absl::string_view extension, const std::string& folder);

}  // namespace millrace::cli
