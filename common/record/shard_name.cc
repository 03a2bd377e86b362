#include "common/record/shard_name.h"

#include "absl/strings/str_format.h"

namespace millrace {

absl::string_view SplitFileName(Split split) {
  if (split == SPLIT_VALIDATION) return "validation";
  return split == SPLIT_TEST ? "test" : "train";
}

std::string ShardFileName(Split split, uint32_t shard, uint32_t num_shards, Compression compression) {
  return absl::StrFormat("%s-%05d-of-%05d.tfrecord%s", SplitFileName(split), shard, num_shards,
                         compression == COMPRESSION_GZIP ? ".gz" : "");
}

}  // namespace millrace
