// Taking staging folders away. For this folder's sources.
#pragma once

#include "absl/status/status.h"
#include "worker/task/task_context.h"

namespace millrace {

// All that the job staged, and OUT/_staging if nothing else is in it.
absl::Status RemoveJobStaging(Store& store, const Assignment& assignment);

// Remove() of a folder that may rightly hold something: then it stays, and that is no error.
absl::Status RemoveIfEmpty(Store& store, absl::string_view folder);

}  // namespace millrace
