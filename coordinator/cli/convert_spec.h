// From the flags of `millrace convert` to the specification of a job, and to the job's id. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/net/fetch_flags.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/inputs.h"
#include "coordinator/cli/which_coordinator.h"
#include "proto/job.pb.h"

namespace millrace::cli {

// As typed; checked by MakeConvertSpec.
struct ConvertFlags {
  std::vector<std::string> inputs;
  std::string output;
  CoordinatorFlags coordinator;
  std::string input_format = "auto";
  std::string header = "infer";
  bool multi_label = false;
  std::string schema_file;
  int64_t num_shards = 0;
  std::string shard_size;
  std::string compression;  // empty: gzip, but none for files that are compressed in themselves
  std::string gzip_level = "fast";
  std::string payload = "raw_base64";
  int jpeg_quality = 0;
  std::string color = "keep";
  std::string exif = "ignore";
  std::string resize;
  std::string resize_mode;
  std::string validate;
  std::string shuffle_seed;
  std::string max_bad_rows;
  int64_t max_pixels = 0;
  std::string vocab_file;
  std::string max_image_memory;
  std::string rows_from_job;    // instead of inputs: what this job could not use
  std::string rows = "failed";  // or transient
  std::string job_id;
  bool overwrite = false;
  bool detach = false;
  bool dry_run = false;
  std::string progress = "auto";
  std::string format = "text";
  // Of an embedded run only.
  int workers = 1;
  int threads = 0;
  std::string memory_budget;
  std::vector<std::string> file_roots;
  FetchFlags fetch;
};

// INVALID_ARGUMENT "--flag: what is wrong" for the first bad value.
absl::StatusOr<JobSpec> MakeConvertSpec(const ConvertFlags& flags, const ResolvedInputs& inputs,
                                        const std::string& current_folder);

// Of these only output, number and size of shards, and overwrite: what a job of another's rows may choose anew.
absl::Status SetPlace(const ConvertFlags& flags, const std::string& current_folder, ConvertSpec& spec);

// "N" rows or "P%": the job fails when more rows than that cannot be used.
absl::Status ParseMaxBadRows(absl::string_view text, ConvertSpec& spec);
// One label a line, in the order of their ids; CRLF and a last line without a break are fine. INVALID_ARGUMENT names
// the line of an empty or repeated label.
absl::StatusOr<std::vector<std::string>> ParseVocabulary(absl::string_view text, absl::string_view name);

// The id that the same command always gets: 8 hex digits of a hash of the specification. With --overwrite a fresh one.
std::string JobIdFor(const ConvertFlags& flags, const JobSpec& spec);

}  // namespace millrace::cli
