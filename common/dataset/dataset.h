// A dataset folder as its readers see it: ours by the manifest, one of TFRecorder by the names of its files.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/dataset/manifest.h"
#include "common/storage/storage.h"
#include "proto/job.pb.h"
#include "proto/task.pb.h"

namespace millrace {

struct DatasetShard {
  std::string path;  // below the folder
  Split split = SPLIT_TRAIN;
  std::optional<int64_t> rows;  // this and the next as the manifest says
  std::optional<int64_t> bytes;
};

struct Dataset {
  std::string folder;
  std::optional<Manifest> manifest;
  Payload payload = PAYLOAD_RAW_BASE64;  // TFRecorder's, without a manifest
  std::vector<std::string> vocabulary;   // position = label
  std::vector<DatasetShard> shards;      // by split, in the order TRAIN, VALIDATION, TEST; then by number
};

// NOT_FOUND: no shard at all; DATA_LOSS, FAILED_PRECONDITION: a manifest that cannot be read.
absl::StatusOr<Dataset> OpenDataset(const Store& store, absl::string_view folder);

// Some records of one shard, counted from 0.
struct ShardRange {
  static constexpr int64_t kToTheEnd = std::numeric_limits<int64_t>::max();

  size_t shard = 0;  // position in Dataset::shards
  int64_t begin = 0;
  int64_t end = kToTheEnd;  // the first record behind the range
};

// The shards of a split, whole. NOT_FOUND naming folder and split if there is none.
absl::StatusOr<std::vector<ShardRange>> RangesOf(const Dataset& dataset, Split split);

// The records begin … end − 1 of a split, counted over its shards: what one rank of several reads, rank r of n having
// [r·rows/n, (r+1)·rows/n). FAILED_PRECONDITION without a manifest, which alone knows the rows; OUT_OF_RANGE.
absl::StatusOr<std::vector<ShardRange>> RangesOf(const Dataset& dataset, Split split, int64_t begin, int64_t end);

// By the manifest: records of the split in its shards. Nothing without a manifest.
std::optional<int64_t> RowsOf(const Dataset& dataset, Split split);

}  // namespace millrace
