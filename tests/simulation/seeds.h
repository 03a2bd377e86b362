// Many seeds on a few threads; each simulation runs on one.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/simulation/simulation.h"

namespace millrace::simulation {

struct SeedRange {
  uint64_t first = 1, last = 0;
};

struct Summary {
  uint64_t seeds = 0;
  int64_t succeeded = 0, failed = 0, cancelled = 0;  // jobs
  uint64_t incarnations = 0;
  double simulated_seconds = 0;
  Coverage coverage;
  std::map<uint64_t, Violation> violations;  // by seed
};

// Stops early once `enough` seeds have failed; then at least the smallest failing seed was run.
Summary RunSeeds(SeedRange range, int threads, const EngineFaults& faults, size_t enough);

}  // namespace millrace::simulation
