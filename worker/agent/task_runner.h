// Does the tasks for real: joins claim, scan, write, publish and cleanup to the agent. The one place that knows all of
// them.
#pragma once

#include <string>
#include <vector>

#include "worker/agent/agent.h"
#include "worker/pipeline/write_task.h"

namespace millrace {

struct TaskRunnerOptions {
  PipelineResources* resources = nullptr;  // borrowed; threads and memory that all attempts share
  std::vector<std::string> file_roots;     // inputs and images must lie below one of these; empty: anywhere
  bool confine_outputs = false;            // outputs too: a daemon's jobs come from others
};

// What an Agent takes. Thread-safe: attempts run at once.
Agent::TaskRunner MakeTaskRunner(const TaskRunnerOptions& options);

}  // namespace millrace
