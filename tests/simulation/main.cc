// simulation: runs seeds of the engine's simulation, or replays one of them with its trace. docs/simulation.md.
#include <chrono>
#include <iostream>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/simulation/seeds.h"

namespace millrace::simulation {
namespace {

constexpr size_t kShownViolations = 10;

struct Arguments {
  std::string seeds = "1..10000";
  std::string fault;
  uint64_t seed = 0;
  int threads = 2;
};

bool ParseRange(absl::string_view text, SeedRange* range) {
  std::vector<absl::string_view> ends = absl::StrSplit(text, "..");
  return ends.size() == 2 && absl::SimpleAtoi(ends[0], &range->first) && absl::SimpleAtoi(ends[1], &range->last);
}

std::string ReplayCommand(uint64_t seed, const std::string& fault) {
  return absl::StrCat("simulation --seed ", seed, fault.empty() ? "" : " --fault ", fault);
}

int Replay(const Arguments& arguments, const EngineFaults& faults) {
  auto print = [](const std::string& line) { std::cout << line << "\n"; };
  const Report report = Simulate(arguments.seed, faults, print);
  std::cout << absl::StrFormat("seed %d: %d succeeded, %d failed, %d cancelled, %d coordinators, %.1f simulated s\n",
                               arguments.seed, report.succeeded, report.failed, report.cancelled, report.incarnations,
                               report.seconds);
  if (!report.violation) return 0;
  std::cout << "VIOLATED " << report.violation->promise << ": " << report.violation->words << "\n";
  return 1;
}

int RunAll(const Arguments& arguments, const EngineFaults& faults) {
  SeedRange range;
  if (!ParseRange(arguments.seeds, &range)) {
    std::cerr << "error: --seeds wants A..B, not '" << arguments.seeds << "'\n";
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  const Summary summary = RunSeeds(range, arguments.threads, faults, kShownViolations);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const auto& [seed, violation] : summary.violations)
    std::cout << "seed " << seed << ": VIOLATED " << violation.promise << ": " << violation.words
              << "\n  replay: " << ReplayCommand(seed, arguments.fault) << "\n";
  const Coverage& coverage = summary.coverage;
  std::cout << absl::StrFormat(
      "%d seeds in %.1f s, %.0f simulated hours, %d coordinators; jobs: %d succeeded, %d failed, "
      "%d cancelled\nattempts: %d adopted, %d expired, %d copies; results: %d fenced, %d told twice, "
      "%d refused; %d quarantines\n%s\n",
      summary.seeds, seconds, summary.simulated_seconds / 3600, summary.incarnations, summary.succeeded, summary.failed,
      summary.cancelled, coverage.adopted, coverage.expired, coverage.copies, coverage.fenced, coverage.duplicates,
      coverage.refused, coverage.quarantines,
      summary.violations.empty() ? "every promise held" : "PROMISES WERE BROKEN");
  return summary.violations.empty() ? 0 : 1;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Simulates coordinator, workers, disks and network from a seed and checks the engine's promises.");
  app.add_option("--seeds", arguments.seeds, "range of seeds, A..B")->capture_default_str();
  auto* seed = app.add_option("--seed", arguments.seed, "replay one seed and print what happens");
  app.add_option("--threads", arguments.threads, "simulations at once")->capture_default_str();
  app.add_option("--fault", arguments.fault,
                 "plant a bug: no_fence, publish_before_journal, acknowledge_before_fsync, forget_retry");
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<EngineFaults> faults = PlantedBug(arguments.fault);
  if (!faults.ok()) {
    std::cerr << "error: " << faults.status().message() << "\n";
    return 2;
  }
  return seed->count() > 0 ? Replay(arguments, *faults) : RunAll(arguments, *faults);
}

}  // namespace
}  // namespace millrace::simulation

int main(int argc, char** argv) { return millrace::simulation::Main(argc, argv); }
