// Following a job until it has ended, the coordinator is gone for good, or the user presses Ctrl-C. One thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/progress.h"
#include "proto/job.pb.h"

namespace millrace::cli {

enum class WatchEnd { kEnded, kInterrupted };

struct Watched {
  WatchEnd end = WatchEnd::kEnded;
  JobStatus job;  // as last heard
};

struct WatchOptions {
  ProgressMode progress = ProgressMode::kNone;
  int interrupts_seen = 0;  // only a later Ctrl-C ends the watch
  // A coordinator that is restarted loses nothing: calls are repeated for so long before UNAVAILABLE is believed.
  absl::Duration patience = absl::Seconds(60);
};

// Shows progress and, once each, the job's warnings on env.err.
absl::StatusOr<Watched> WatchJob(CoordinatorClient& client, const std::string& job_id, const WatchOptions& options,
                                 const CliEnvironment& environment);

}  // namespace millrace::cli
