// `millrace convert`, after its flags are parsed. One thread.
#pragma once

#include "coordinator/cli/cli.h"
#include "coordinator/cli/convert_spec.h"

namespace millrace::cli {

// Submits or continues the job, follows it, reports. Returns the exit code.
int RunConvert(const ConvertFlags& flags, const CliEnvironment& environment);

}  // namespace millrace::cli
