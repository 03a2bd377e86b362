#include "tests/simulation/world.h"

#include "absl/strings/str_format.h"

namespace millrace::simulation {

bool World::RunNext(absl::Time end) {
  if (queue_.empty() || queue_.top().at > end) {
    now = end;
    return false;
  }
  // top() is const to protect the order; the function is no part of it.
  Event event = std::move(const_cast<Event&>(queue_.top()));
  queue_.pop();
  now = event.at;
  event.run();
  return true;
}

void World::Line(absl::string_view who, const std::string& what) {
  trace_(absl::StrFormat("%9.3f s  %-11s %s", absl::ToDoubleSeconds(now - Start()), who, what));
}

}  // namespace millrace::simulation
