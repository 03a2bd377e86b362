// What is left of a job that will not be published, and how it goes away.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/task/task_context.h"

namespace millrace {

// After a cancel: what was published (of a job whose publication failed), the job's staging, its claim, then OUT if
// nothing else is in it. Touches nothing if the claim is missing or another's, and says so: this worker may see another
// disk than the one that made it. Nor if the dataset is complete.
absl::StatusOr<CleanupResult> RunCleanup(TaskContext& context);

// The staging folder of one attempt that was fenced or refused, with every upload it began.
absl::Status AbortAttempt(Store& store, const Assignment& assignment);

}  // namespace millrace
