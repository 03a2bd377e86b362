#include "worker/pipeline/operator_clock.h"

#include <string>

namespace millrace {

void OperatorClock::Report(Progress& progress) const {
  progress.clear_operators();
  for (int i = 0; i < kOperators; ++i) {
    const Work& work = work_[static_cast<size_t>(i)];
    OperatorStats& stats = *progress.add_operators();
    stats.set_name(std::string(kNames[static_cast<size_t>(i)]));
    stats.set_rows(work.rows);
    stats.set_bytes(work.bytes);
    stats.set_busy_ns(work.busy_ns);
    stats.set_wait_ns(work.wait_ns);
  }
}

}  // namespace millrace
