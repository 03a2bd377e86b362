// Writes framed records of bytes that are already there: tests, tools. The conversion writes frames around a streamed
// image (example_writer.h, worker/pipeline).
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/io/byte_stream.h"

namespace millrace {

// length (u64, little-endian) │ masked CRC32C of the length │ record │ masked CRC32C of the record
absl::Status AppendRecord(absl::string_view record, ByteSink& sink);

}  // namespace millrace
