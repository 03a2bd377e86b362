// Monotonic time for the statistics of operators: 20 ns a call.
#pragma once

#include <chrono>
#include <cstdint>

namespace millrace {

inline int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace millrace
