// What is left of a job that will not be published, and how it goes away.
#pragma once

#include "absl/status/status.h"
#include "worker/task/task_context.h"

namespace millrace {

// After a cancel: the job's staging, then its claim, then OUT if nothing else is in it. Touches nothing, and answers
// OK, if the claim is missing or another's.
absl::Status RunCleanup(TaskContext& context);

// The staging folder of one attempt that was fenced or refused, with every upload it began.
absl::Status AbortAttempt(Store& store, const Assignment& assignment);

}  // namespace millrace
