#include "coordinator/api/rpc_metrics.h"

#include <string>
#include <vector>

namespace millrace {
namespace {

std::vector<std::string> Methods() {
  return {"SubmitJob", "GetJob",      "ListJobs",    "CancelJob", "RetryJob",
          "GetJobLog", "ListWorkers", "DrainWorker", "Sync"};
}

const MetricFamily kRequests = {MetricType::kCounter, "millrace_rpc_requests_total", "Calls that were answered.",
                                "method", Methods()};
const MetricFamily kErrors = {MetricType::kCounter, "millrace_rpc_errors_total",
                              "Calls that were answered with an error, the caller's or ours.", "method", Methods()};
const MetricFamily kSeconds = {
    MetricType::kHistogram,
    "millrace_rpc_seconds",
    "Time from a call's arrival to its answer; calls that wait for news (Sync, GetJob, GetJobLog) wait up to a minute.",
    "method",
    Methods(),
    {0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60}};

}  // namespace

RpcMetrics::RpcMetrics(Metrics* metrics)
    : requests_(metrics->AddCounter(kRequests)),
      errors_(metrics->AddCounter(kErrors)),
      seconds_(metrics->AddHistogram(kSeconds)) {}

void RpcMetrics::Count(absl::string_view method, absl::StatusCode code, absl::Duration time) const {
  requests_.Add(method, 1);
  if (code != absl::StatusCode::kOk) errors_.Add(method, 1);
  seconds_.Observe(method, absl::ToDoubleSeconds(time));
}

}  // namespace millrace
