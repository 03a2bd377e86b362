// Following a job to its end and telling how it ended: what `convert`, `jobs watch`, `jobs wait` and `jobs retry`
// share.
#pragma once

#include <string>

#include "coordinator/cli/cli.h"
#include "coordinator/cli/progress.h"
#include "coordinator/cli/which_coordinator.h"

namespace millrace::cli {

struct FollowOptions {
  ProgressMode progress = ProgressMode::kNone;
  std::string format = "text";
  Choice choice;
  bool same_command = false;  // the command is `convert`: typed again, it continues the job
};

// Returns the exit code. Ctrl-C: an embedded job is cancelled and cleaned up; a coordinator's job goes on, and the
// command to cancel it is shown; both give 130.
int FollowJob(CoordinatorClient& client, const std::string& job_id, const FollowOptions& options,
              const CliEnvironment& environment);

}  // namespace millrace::cli
