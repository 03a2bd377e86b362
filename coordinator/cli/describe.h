// Jobs and workers as tables and as JSON. Pure functions; texts and lists end with a line break, JobJson does not.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "proto/client.pb.h"
#include "proto/job.pb.h"

namespace millrace::cli {

// Everything about one job; paths as seen from `folder`. The operator that the others wait for is named.
std::string JobText(const JobStatus& job, absl::string_view folder);
std::string JobJson(const JobStatus& job);

std::string JobListText(const ListJobsReply& jobs, absl::string_view folder);
std::string JobListJson(const ListJobsReply& jobs);

std::string WorkerListText(const ListWorkersReply& workers);
std::string WorkerListJson(const ListWorkersReply& workers);

// The operator that was busy longest, or an empty string before anything was measured.
std::string Bottleneck(const JobStatus& job);

}  // namespace millrace::cli
