// World: the time, the chance and the trace of one simulation, and the queue of what will happen. Single-threaded; all
// actors borrow it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/simulation/random.h"
#include "tests/simulation/swarm.h"

namespace millrace::simulation {

struct Violation {
  std::string promise;  // "P3"
  std::string words;
};

class World {
 public:
  // `trace`: where lines go; null: nowhere, and they are not even put together.
  World(uint64_t seed, std::function<void(const std::string&)> trace)
      : random(seed), swarm(SwarmOf(random)), trace_(std::move(trace)) {}

  void After(absl::Duration delay, std::function<void()> event) {
    queue_.push({now + delay, order_++, std::move(event)});
  }
  // Runs the next event; false if there is none before `end`.
  bool RunNext(absl::Time end);

  template <typename... Words>
  void Say(absl::string_view who, const Words&... words) {
    if (trace_) Line(who, absl::StrCat(words...));
  }
  // The first one counts; it ends the simulation.
  template <typename... Words>
  void Violate(absl::string_view promise, const Words&... words) {
    if (violation) return;
    violation = Violation{std::string(promise), absl::StrCat(words...)};
    Say("checker", "VIOLATED ", promise, ": ", violation->words);
  }
  // Chance of a fault: none any more once the world is healed.
  bool Fault(double probability) { return !healed && probability > 0 && random.Chance(probability); }

  Random random;
  const Swarm swarm;
  absl::Time now = Start();
  bool healed = false;  // the liveness phase: no new faults
  std::optional<Violation> violation;

  static absl::Time Start() { return absl::FromUnixSeconds(1'800'000'000); }

 private:
  struct Event {
    absl::Time at;
    uint64_t order;  // equal times: first come, first served, so that the queue is deterministic
    std::function<void()> run;
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  void Line(absl::string_view who, const std::string& what);

  std::priority_queue<Event> queue_;
  uint64_t order_ = 0;
  const std::function<void(const std::string&)> trace_;
};

}  // namespace millrace::simulation
