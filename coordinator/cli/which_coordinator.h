// Which coordinator a command talks to: --coordinator > $MILLRACE_COORDINATOR > one started by `millrace up` >
// embedded.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/cli/cli.h"

namespace millrace::cli {

struct Choice {
  std::string address;  // empty: embedded
  std::string why;  // "--coordinator", "$MILLRACE_COORDINATOR", "started by millrace up", "--local", "none is running"
  bool embedded() const { return address.empty(); }
  // What a command typed by hand must repeat to reach the same one: " --coordinator H:P", or nothing.
  std::string FlagAgain() const;
  // Only this machine can be meant: what the command line sees is what the workers see.
  bool IsThisMachine() const;
};

struct CoordinatorFlags {
  std::string address;
  bool local = false;
};

// The address of a living coordinator that `millrace up` started.
std::optional<std::string> RunningHere(const CliEnvironment& environment);

Choice ChooseCoordinator(const CoordinatorFlags& flags, const CliEnvironment& environment);

// For commands that need one: UNAVAILABLE, with what to do, if there is none. Says nothing.
absl::StatusOr<std::unique_ptr<CoordinatorClient>> ConnectTo(const CoordinatorFlags& flags,
                                                             const CliEnvironment& environment);

// A coordinator's error with its address, when it could not be reached; others unchanged.
absl::Status NameCoordinator(const absl::Status& status, const Choice& choice);

}  // namespace millrace::cli
