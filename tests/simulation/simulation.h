// One simulation: a seed decides everything. See docs/simulation.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/engine/state/engine_options.h"
#include "tests/simulation/coordinator.h"
#include "tests/simulation/world.h"

namespace millrace::simulation {

struct Report {
  std::optional<Violation> violation;
  std::string swarm;                                 // what the seed turned on
  double seconds = 0;                                // simulated, until everything had ended
  int64_t succeeded = 0, failed = 0, cancelled = 0;  // jobs
  uint64_t incarnations = 0;                         // of the coordinator
  Coverage coverage;
};

// Deterministic: the same seed and faults give the same report and trace. Thread-safe: simulations share nothing.
Report Simulate(uint64_t seed, const EngineFaults& faults, std::function<void(const std::string&)> trace = nullptr);

// "no_fence", "publish_before_journal", "acknowledge_before_fsync", "forget_retry"; "" plants none.
absl::StatusOr<EngineFaults> PlantedBug(absl::string_view name);

}  // namespace millrace::simulation
