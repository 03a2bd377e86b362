// What a seed turns on. Swarm testing: a run in which every fault is possible rarely shows the bugs that need one fault
// often, so each seed has its own selection.
#pragma once

#include <string>

#include "tests/simulation/random.h"

namespace millrace::simulation {

struct Swarm {
  int workers = 3;
  int jobs = 2;
  int64_t rows = 20;  // of the largest job

  // The network, a message.
  double lose = 0;
  double duplicate = 0;
  double delay = 0;      // by up to 4 s, so that later ones overtake it
  double partition = 0;  // a second: one worker is cut off for up to 8 s, half of them in one direction only

  // Workers, after each step of a task (before and after every Prepare and Publish).
  double crash = 0;
  double pause = 0;       // up to three leases
  double task_error = 0;  // the step fails; a counted failure
  double slow_task = 0;   // the attempt needs seconds, not milliseconds

  double coordinator_crash = 0;  // a commit with something to write: before it (torn), after it, after its answers

  // What people do, a job.
  double submit_twice = 0;
  double cancel = 0;
  double retry = 0;
  double drain = 0;  // a second, a worker

  // What is wrong with inputs and machines.
  double bad_row = 0;        // for ever
  double transient_row = 0;  // an attempt
  bool strict = false;       // the last job fails above one bad row, and has three
  bool lost_mount = false;   // worker 1 can read no image for a while
  bool other_disk = false;   // the last worker sees another disk at OUT
};

Swarm SwarmOf(Random& random);
// "3 workers, 2 jobs: lose 0.2, pause 0.01, lost mount".
std::string Describe(const Swarm& swarm);

}  // namespace millrace::simulation
