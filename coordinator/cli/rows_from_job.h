// `millrace convert --rows-from-job ID --rows failed|transient`: a new job of the rows that a finished one could not
// use. One thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/convert_spec.h"
#include "coordinator/cli/which_coordinator.h"

namespace millrace::cli {

// The finished job that flags.rows_from_job names: asked of the coordinator, or looked for in the journals below
// `state` that runs inside this process have left. FAILED_PRECONDITION if it has not succeeded.
absl::StatusOr<JobStatus> FindFinishedJob(const ConvertFlags& flags, const Choice& choice, const std::string& state,
                                          const CliEnvironment& environment);

// That job's specification with another output folder, its failed rows alone and its label ids. Any number of them may
// fail again unless flags.max_bad_rows says otherwise.
absl::StatusOr<JobSpec> SpecOfRows(const ConvertFlags& flags, const JobStatus& job, const std::string& current_folder);

}  // namespace millrace::cli
