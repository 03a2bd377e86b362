// `millrace convert --dry-run`: everything that can be checked without writing. One thread.
#pragma once

#include <string>

#include "common/storage/storage.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/inputs.h"
#include "coordinator/cli/submit.h"
#include "proto/job.pb.h"

namespace millrace::cli {

// Prints what would be done and returns 0, or what stands against it and 2.
int DryRun(const JobSpec& spec, const ResolvedInputs& inputs, const std::string& job_id, const OutputView& output,
           const Store& store, const CliEnvironment& environment);

}  // namespace millrace::cli
