#include "tests/simulation/swarm.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace millrace::simulation {
namespace {

// Off in half of the seeds; else anything up to `most`, more often little than much.
double Maybe(Random& random, double most) {
  if (random.Chance(0.5)) return 0;
  double share = static_cast<double>(random.Between(1, 100)) / 100;
  return most * share * share;
}

}  // namespace

Swarm SwarmOf(Random& random) {
  Swarm swarm;
  swarm.workers = static_cast<int>(random.Between(1, 4));
  swarm.jobs = static_cast<int>(random.Between(1, 3));
  swarm.rows = random.Between(0, 40);
  swarm.lose = Maybe(random, 0.4);
  swarm.duplicate = Maybe(random, 0.3);
  swarm.delay = Maybe(random, 0.3);
  swarm.partition = Maybe(random, 0.3);
  swarm.crash = Maybe(random, 0.15);
  swarm.pause = Maybe(random, 0.15);
  swarm.task_error = Maybe(random, 0.05);
  swarm.slow_task = Maybe(random, 0.3);
  swarm.coordinator_crash = Maybe(random, 0.3);
  swarm.submit_twice = Maybe(random, 1);
  swarm.cancel = Maybe(random, 1);
  swarm.retry = Maybe(random, 1);
  swarm.drain = Maybe(random, 0.1);
  swarm.bad_row = Maybe(random, 0.2);
  swarm.transient_row = Maybe(random, 0.3);
  swarm.strict = random.Chance(0.1);
  swarm.lost_mount = random.Chance(0.2);
  swarm.other_disk = swarm.workers > 1 && random.Chance(0.15);
  return swarm;
}

std::string Describe(const Swarm& swarm) {
  std::string words = absl::StrCat(swarm.workers, " workers, ", swarm.jobs, " jobs of up to ", swarm.rows, " rows:");
  auto add = [&words](absl::string_view name, double value) {
    if (value > 0) absl::StrAppend(&words, " ", name, " ", value);
  };
  add("lose", swarm.lose);
  add("duplicate", swarm.duplicate);
  add("delay", swarm.delay);
  add("partition", swarm.partition);
  add("crash", swarm.crash);
  add("pause", swarm.pause);
  add("task_error", swarm.task_error);
  add("slow_task", swarm.slow_task);
  add("coordinator_crash", swarm.coordinator_crash);
  add("submit_twice", swarm.submit_twice);
  add("cancel", swarm.cancel);
  add("retry", swarm.retry);
  add("drain", swarm.drain);
  add("bad_row", swarm.bad_row);
  add("transient_row", swarm.transient_row);
  add("strict", swarm.strict);
  add("lost_mount", swarm.lost_mount);
  add("other_disk", swarm.other_disk);
  return words;
}

}  // namespace millrace::simulation
