// What is said about a job when it has ended. Pure functions; paths are shown as seen from `folder`.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace millrace::cli {

// "error: images.csv:1042: cat/cat.7.jpg: decode/truncated (8,192 of 20,514 bytes)"; `severity`: "error" or "warning".
std::string BadRowLine(absl::string_view severity, const BadRow& row, absl::string_view folder);

// The first bad rows, each followed by "  job 3f2a, shard train-00003, worker w2" (once for neighbours of one shard).
std::string BadRowLines(absl::string_view severity, const JobStatus& job, absl::string_view folder);

// Why the job failed, its first bad rows, and what to try.
std::string FailureText(const JobStatus& job, absl::string_view folder, absl::string_view advice);

// The result as people read it, and the one JSON object that scripts read (docs/cli.md names its members).
std::string ResultText(const JobStatus& job, absl::string_view folder);
std::string ResultJson(const JobStatus& job);

// "up to date: OUT (job 3f2a: 1,399 rows in 3 shards)".
std::string UpToDateText(const JobStatus& job, absl::string_view folder);

}  // namespace millrace::cli
