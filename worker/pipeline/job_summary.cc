#include "worker/pipeline/job_summary.h"

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/dataset/dead_letter.h"
#include "proto/task.pb.h"

namespace millrace {
namespace {

constexpr int64_t kMaxSummaryBytes = kGiB;
constexpr size_t kKeptJobs = 4;

absl::StatusOr<std::shared_ptr<const JobSummary>> Load(const Store& store, const std::string& scan_folder) {
  const std::string path = absl::StrCat(scan_folder, "/summary.pb");
  MILLRACE_ASSIGN_OR_RETURN(std::string bytes, store.Read(path, kMaxSummaryBytes));
  ScanSummary parsed;
  if (!parsed.ParseFromString(bytes)) return absl::DataLossError(absl::StrCat(path, ": not a scan summary"));
  auto summary = std::make_shared<JobSummary>();
  summary->label_ids.reserve(static_cast<size_t>(parsed.vocabulary_size()));
  for (int i = 0; i < parsed.vocabulary_size(); ++i) summary->label_ids.emplace(parsed.vocabulary(i), i);
  for (const std::string& file : parsed.input_files()) summary->input_files.push_back(file);
  summary->input_names = InputNames(summary->input_files);
  return summary;
}

}  // namespace

int64_t JobSummary::LabelId(const std::string& label, bool has_label) const {
  if (!has_label) return -1;
  auto found = label_ids.find(label);
  return found == label_ids.end() ? -1 : found->second;
}

absl::StatusOr<std::shared_ptr<const JobSummary>> JobSummaryCache::Get(const Store& store,
                                                                       const std::string& scan_folder) {
  {
    MutexLock lock(&mu_);
    for (const Entry& entry : recent_) {
      if (entry.first == scan_folder) return entry.second;
    }
  }
  // Unlocked: two attempts that begin at once may both read it, which is harmless.
  MILLRACE_ASSIGN_OR_RETURN(std::shared_ptr<const JobSummary> summary, Load(store, scan_folder));
  MutexLock lock(&mu_);
  recent_.insert(recent_.begin(), Entry(scan_folder, summary));
  if (recent_.size() > kKeptJobs) recent_.pop_back();
  return summary;
}

}  // namespace millrace
