// How the coordinator's calls go, by method: how many, how many in vain, how long. Thread-safe.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/metrics/metrics.h"

namespace millrace {

class RpcMetrics {
 public:
  // Borrows `metrics` for its construction only.
  explicit RpcMetrics(Metrics* metrics);

  // `method` as in proto/coordinator.proto. Errors are the coordinator's and the caller's alike (an unknown job).
  void Count(absl::string_view method, absl::StatusCode code, absl::Duration time) const;

 private:
  const CounterFamily requests_;
  const CounterFamily errors_;
  const HistogramFamily seconds_;
};

}  // namespace millrace
