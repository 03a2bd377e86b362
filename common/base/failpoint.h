// Named failpoints, for tests that kill, stop or fail a real process at an exact place. Always compiled in: a shipped
// binary is the tested binary; without the variable a check costs one load and a branch.
//
//   MILLRACE_FAILPOINT="publish/shard=kill@2;write/row=error@1"
//
// name=action@n: at the n-th hit of the name (from 1; every hit without @n). Actions: kill (SIGKILL to oneself),
// stop (SIGSTOP to oneself), error (an UNAVAILABLE status), ioerror (an EIO-like DATA_LOSS status), full
// (RESOURCE_EXHAUSTED, "no space left").
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace millrace {

// Passes the failpoint `name`. OK unless an action with an error fires. Thread-safe.
absl::Status Failpoint(absl::string_view name);

// Replaces what the environment asked for; for tests in one process. Empty turns all off. Hit counts start again.
void SetFailpoints(absl::string_view specification);

}  // namespace millrace
