// The scan task: one streaming pass over a job's input, whatever its form, into what everything later reads: a row log
// a split, the dead letters found so far, and a summary (vocabulary, counts). Memory: the distinct labels and 16 bytes
// for every 16 KiB of row log.
//
// Writes below AttemptStagingFolder(assignment):
//   rows-TRAIN.log rows-VALIDATION.log rows-TEST.log   common/dataset/row_log.h; only of splits that have rows
//   discarded.jsonl                                    common/dataset/dead_letter.h
//   summary.pb                                         ScanSummary
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/task/task_context.h"

namespace millrace {

struct ScanOptions {
  std::string encoding_version;         // of this worker; goes into the result and pins the job
  std::vector<std::string> file_roots;  // real paths; inputs must lie below one. Empty: anywhere
  // The bytes one image will take in a shard, from its header; nothing if it cannot be read. Asked for 64 rows a split.
  std::function<std::optional<int64_t>(absl::string_view path)> estimate_bytes;
};

// The claim must be taken before. INVALID_ARGUMENT "file:line: …" for input of which no dataset can be made; CANCELLED
// when stopped; else errors of files and store.
absl::StatusOr<ScanResult> RunScan(TaskContext& context, const ScanOptions& options);

// "rows-TRAIN.log".
std::string RowLogName(Split split);

}  // namespace millrace
