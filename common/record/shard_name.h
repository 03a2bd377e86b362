// The names of shard files: what TFRecorder's loader globs.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "proto/job.pb.h"
#include "proto/task.pb.h"

namespace millrace {

// "train", "validation", "test".
absl::string_view SplitFileName(Split split);

// "train-00003-of-00064.tfrecord.gz"; without ".gz" when not compressed.
std::string ShardFileName(Split split, uint32_t shard, uint32_t num_shards, Compression compression);

}  // namespace millrace
