// What a row will cost in a shard, from the image's header alone: the scan samples 64 rows to plan the number of
// shards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/job.pb.h"

namespace millrace {

// Estimated bytes in the shard's file. Nothing if the file cannot be opened or is not an image within the limits
// of `spec`: such a row will be a dead letter. Reads at most the first 256 KiB. `path` is a local file; it must lie
// below one of `file_roots`, if there are any.
std::optional<int64_t> EstimateRecordBytes(const std::string& path, const ConvertSpec& spec,
                                           const std::vector<std::string>& file_roots = {});

}  // namespace millrace
