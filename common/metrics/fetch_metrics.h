// The numbers of a worker's fetching from http and https, read from its fetcher at each scrape.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/metrics/metrics.h"

namespace millrace {

struct FetchNumbers {
  int64_t requests = 0;  // sent, with repetitions and redirects
  int64_t retries = 0;
  int64_t redirects = 0;
  int64_t received_bytes = 0;
  int64_t in_flight = 0;
  int64_t waiting = 0;
  int64_t ok = 0;
  int64_t no_memory = 0;
  int64_t dropped = 0;
  std::vector<int64_t> failed = {};  // URIs by reason, in the order of `reasons`
};

// `reasons`: the words of common/net/fetch_reason.h. `read` is called on the HTTP server's threads.
void AddFetchMetrics(Metrics* metrics, std::vector<std::string> reasons, std::function<FetchNumbers()> read);

}  // namespace millrace
