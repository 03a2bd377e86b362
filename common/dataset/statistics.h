// _stats.json: what is in a dataset, for people and for `millrace datasets stats`. Integers only, added from the
// shards' statistics in any order with the same result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/storage/storage.h"
#include "proto/job.pb.h"
#include "proto/task.pb.h"

namespace millrace {

struct LabelStatistics {
  int64_t id = -1;      // position in the vocabulary, -1: not in it
  std::string label;    // as written in the CSV; what is not UTF-8 reads U+FFFD after ParseStatistics
  int64_t rows = 0;     // in the input
  int64_t written = 0;  // in the shards; of labels without an id it is not known apart and 0: see unlabelled_written
};

struct SplitStatistics {
  Split split = SPLIT_TRAIN;
  int64_t rows = 0;
  int64_t written = 0;
  int64_t dead_letters = 0;
  int64_t missing_labels = 0;      // rows of the input with an empty label
  int64_t unlabelled_written = 0;  // records with label -1
  int64_t source_bytes = 0;        // of the image files
  int64_t record_bytes = 0;        // before compression
  int64_t file_bytes = 0;          // of the shards
  int64_t pixels = 0;
  int64_t mean_pixels = 0;  // of an image, rounded down; 0 when nothing was written
  int64_t min_width = 0, max_width = 0, min_height = 0, max_height = 0;
  int64_t grayscale = 0;                // records with one channel
  std::vector<LabelStatistics> labels;  // by rows descending, then label
};

struct DatasetStatistics {
  static constexpr int64_t kVersion = 1;
  RowCounts counts;
  std::vector<SplitStatistics> splits;  // those with rows, in the order TRAIN, VALIDATION, TEST
  std::vector<std::string> warnings;    // of the scan, and one for labels more than 100 times as common as others
};

DatasetStatistics MakeStatistics(const PublishWork& work, const ScanSummary& summary);

std::string StatisticsText(const DatasetStatistics& statistics);

// Strict, as ParseManifest.
absl::StatusOr<DatasetStatistics> ParseStatistics(absl::string_view text);
// Reads and parses FOLDER/_stats.json.
absl::StatusOr<DatasetStatistics> ReadStatistics(const Store& store, absl::string_view folder);

}  // namespace millrace
