// The embedded mode: coordinator and workers of the daemons, in this process, joined by function calls. Same journal,
// same engine, same agent; so an interrupted job is resumed when the same command is run again.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "coordinator/cli/cli.h"

namespace millrace {

// FAILED_PRECONDITION if another process uses the state folder (the same job runs already).
absl::StatusOr<std::unique_ptr<Embedded>> StartEmbedded(const EmbeddedOptions& options);

}  // namespace millrace
