// What a write task needs of the scan beyond its rows: the vocabulary as a table, and the folders of the input files.
// Read once a job and process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/storage/storage.h"

namespace millrace {

struct JobSummary {
  absl::flat_hash_map<std::string, int64_t> label_ids;
  std::vector<std::string> input_files;
  std::vector<std::string> input_names;  // what dead letters call them
  // Position in the vocabulary, -1 for a missing or unknown label.
  int64_t LabelId(const std::string& label, bool has_label) const;
};

// Thread-safe.
class JobSummaryCache {
 public:
  // Of the scan in this folder (a full path; it carries job, nonce and epoch, so its content never changes).
  absl::StatusOr<std::shared_ptr<const JobSummary>> Get(const Store& store, const std::string& scan_folder);

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const JobSummary>>;
  Mutex mu_;
  std::vector<Entry> recent_ ABSL_GUARDED_BY(mu_);  // newest first
};

}  // namespace millrace
