#include "common/metrics/fetch_metrics.h"

#include <algorithm>
#include <utility>

namespace millrace {
namespace {

constexpr char kRequests[] = "millrace_fetch_requests_total";
constexpr char kUris[] = "millrace_fetch_uris_total";
constexpr char kBytes[] = "millrace_fetch_received_bytes_total";
constexpr char kInFlight[] = "millrace_fetch_requests_in_flight";
constexpr char kWaiting[] = "millrace_fetch_uris_waiting";

std::vector<MetricFamily> Families(const std::vector<std::string>& reasons) {
  std::vector<std::string> outcomes = {"ok", "no_memory", "dropped"};
  outcomes.insert(outcomes.end(), reasons.begin(), reasons.end());
  return {
      {MetricType::kCounter,
       kRequests,
       "HTTP requests sent for images, by why: the first for a URI, its repetition, or a redirect followed.",
       "kind",
       {"first", "retry", "redirect"}},
      {MetricType::kCounter, kUris,
       "URIs by how fetching them ended: ok, a reason word, no_memory (asked again later) or dropped by its attempt.",
       "outcome", std::move(outcomes)},
      {MetricType::kCounter, kBytes, "Bytes of HTTP bodies received, whatever became of them."},
      {MetricType::kGauge, kInFlight, "HTTP requests on the wire now."},
      {MetricType::kGauge, kWaiting, "URIs that wait for their turn, for backoff or for a host that asked to wait."},
  };
}

}  // namespace

void AddFetchMetrics(Metrics* metrics, std::vector<std::string> reasons, std::function<FetchNumbers()> read) {
  std::vector<MetricFamily> families = Families(reasons);
  metrics->AddSource(std::move(families), [reasons = std::move(reasons), read = std::move(read)] {
    const FetchNumbers now = read();
    const auto number = [](int64_t n) { return static_cast<double>(n); };
    std::vector<MetricSample> samples = {
        {kRequests, "first", number(now.requests - now.retries - now.redirects)},
        {kRequests, "retry", number(now.retries)},
        {kRequests, "redirect", number(now.redirects)},
        {kUris, "ok", number(now.ok)},
        {kUris, "no_memory", number(now.no_memory)},
        {kUris, "dropped", number(now.dropped)},
        {kBytes, "", number(now.received_bytes)},
        {kInFlight, "", number(now.in_flight)},
        {kWaiting, "", number(now.waiting)},
    };
    for (size_t i = 0; i < std::min(reasons.size(), now.failed.size()); ++i) {
      samples.push_back({kUris, reasons[i], number(now.failed[i])});
    }
    return samples;
  });
}

}  // namespace millrace
