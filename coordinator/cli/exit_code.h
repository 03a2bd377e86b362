// What the process answers with; documented in docs/cli.md and relied on by scripts.
#pragma once

#include "absl/status/status.h"

namespace millrace::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kNotReachable = 3;
inline constexpr int kInterrupted = 130;

// Of a command that ended with this error. What a user typed wrongly (a bad value, an unknown job) is usage.
inline int ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kDone;
  if (absl::IsUnavailable(status)) return kNotReachable;
  if (absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsAlreadyExists(status)) return kUsage;
  return kFailed;
}

}  // namespace millrace::cli
