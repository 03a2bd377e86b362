// What can be said about a specification without opening a file. INVALID_ARGUMENT with the words to show.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace millrace {

// 1 to 64 of [a-zA-Z0-9._-], not beginning with a dot (ids are file names too).
absl::Status CheckJobId(absl::string_view id);
absl::Status CheckSpec(const JobSpec& spec);

}  // namespace millrace
