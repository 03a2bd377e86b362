// Messages between the coordinator, the workers and the client: lost, doubled, late (so that later ones overtake them),
// cut off in one or both directions.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "tests/simulation/world.h"

namespace millrace::simulation {

using Node = int;
inline constexpr Node kCoordinator = -1;
inline constexpr Node kClient = -2;  // workers are 0, 1, …

class Network {
 public:
  explicit Network(World* world) : world_(*world) {}

  // Calls `deliver` some time later: once, twice or never.
  void Send(Node from, Node to, const std::function<void()>& deliver) {
    if (Cut(from, to) || world_.Fault(world_.swarm.lose)) return;
    world_.After(Delay(), deliver);
    if (world_.Fault(world_.swarm.duplicate)) world_.After(Delay(), deliver);
  }
  void CutOff(Node from, Node to, absl::Duration how_long) { cut_until_[{from, to}] = world_.now + how_long; }

 private:
  bool Cut(Node from, Node to) const {
    auto it = cut_until_.find({from, to});
    return !world_.healed && it != cut_until_.end() && world_.now < it->second;
  }
  absl::Duration Delay() {
    return world_.Fault(world_.swarm.delay) ? world_.random.Milliseconds(10, 4000) : world_.random.Milliseconds(1, 5);
  }

  World& world_;
  std::map<std::pair<Node, Node>, absl::Time> cut_until_;
};

}  // namespace millrace::simulation
