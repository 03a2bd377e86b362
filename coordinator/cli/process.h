// Daemons as `millrace up` sees them: started in the background, found again by later commands. A process is named by
// pid and start time, so that a pid that the system gave to somebody else is never signalled. Linux (/proc).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace::cli {

struct ProcessId {
  pid_t pid = 0;
  uint64_t start_time = 0;  // clock ticks since boot (/proc/PID/stat, field 22)

  std::string Text() const;  // "1234 567890"
  static std::optional<ProcessId> Parse(absl::string_view text);
};

// Field 22 of a /proc/PID/stat line, or nothing for a zombie or a malformed line. The name in it may hold anything.
std::optional<uint64_t> StartTimeOf(absl::string_view stat_line);

bool IsAlive(const ProcessId& process);

// Starts argv[0] in a session of its own, with /dev/null as input and `log` (appended) as output. NOT_FOUND or
// PERMISSION_DENIED if the program cannot be run.
absl::StatusOr<ProcessId> StartDaemon(const std::vector<std::string>& argv, const std::string& log);

// OK also if it is gone already.
absl::Status Signal(const ProcessId& process, int signal_number);

}  // namespace millrace::cli
