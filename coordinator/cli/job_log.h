// `millrace jobs logs`: a job's log, and with `follow` its new lines until it ends. One thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "coordinator/cli/cli.h"

namespace millrace::cli {

// On env.out, a line or a JSON object each. CANCELLED: Ctrl-C was pressed.
absl::Status PrintJobLog(CoordinatorClient& client, const std::string& job_id, bool follow, bool json,
                         const CliEnvironment& environment);

}  // namespace millrace::cli
