// The scan task: one streaming pass over the CSV files. It checks every row, gives it a split, counts the labels and
// leaves, in the attempt's staging folder, all that later tasks need of the input:
//
//   rows-TRAIN.log, rows-VALIDATION.log, rows-TEST.log   the usable rows (docs/row_log.md), each also when it is empty
//   discarded.jsonl                                      the others, with their reasons
//   summary.pb                                           ScanSummary: vocabulary, label counts, input files
//
// Memory: a few buffers, and the distinct labels; nothing is kept for a row.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/task/task_context.h"

namespace millrace {

struct ScanOptions {
  std::string encoding_version;  // of this worker; pins the job
  // Estimated bytes in the shard's file of the image at this path, from its header; nothing if it cannot be used.
  // Called for at most 64 rows a split. May be empty: then nothing is sampled.
  std::function<std::optional<int64_t>(absl::string_view absolute_path)> estimate_bytes;
};

// Errors (the code says what the agent reports, docs/architecture.md): INVALID_ARGUMENT for inputs that are wrong on
// every machine, with file, line and row; NOT_FOUND, PERMISSION_DENIED, UNAVAILABLE for files; CANCELLED; the store's.
absl::StatusOr<ScanResult> RunScan(TaskContext& context, const ScanOptions& options);

}  // namespace millrace
