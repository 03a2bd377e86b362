// Whether an index says where a shard's records lie. Internal to common/dataset.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/storage/storage.h"

namespace millrace {

// Empty if `index` has one line "<first byte> <bytes>" for each record of `shard`, from its start to its end, in order;
// else what is wrong, with the line. Only the records' headers are read. Errors are those of reading the shard.
absl::StatusOr<std::string> DifferenceToShard(absl::string_view index, const Source& shard);

}  // namespace millrace
