#include "tests/simulation/seeds.h"

#include <atomic>
#include <thread>
#include <vector>

#include "common/base/mutex.h"

namespace millrace::simulation {
namespace {

void Add(Summary& summary, uint64_t seed, const Report& report) {
  ++summary.seeds;
  summary.succeeded += report.succeeded;
  summary.failed += report.failed;
  summary.cancelled += report.cancelled;
  summary.incarnations += report.incarnations;
  summary.coverage.Add(report.coverage);
  summary.simulated_seconds += report.seconds;
  if (report.violation) summary.violations.emplace(seed, *report.violation);
}

}  // namespace

Summary RunSeeds(SeedRange range, int threads, const EngineFaults& faults, size_t enough) {
  Summary summary;
  Mutex mu;
  std::atomic<uint64_t> next{range.first};
  std::atomic<bool> stop{false};
  auto run = [&] {
    while (!stop) {
      // Seeds are handed out in order and those begun are finished, so every seed below a failing one was run.
      const uint64_t seed = next++;
      if (seed > range.last) return;
      const Report report = Simulate(seed, faults);
      MutexLock lock(&mu);
      Add(summary, seed, report);
      if (summary.violations.size() >= enough) stop = true;
    }
  };
  std::vector<std::thread> pool;
  for (int i = 0; i < threads; ++i) pool.emplace_back(run);
  for (std::thread& thread : pool) thread.join();
  return summary;
}

}  // namespace millrace::simulation
