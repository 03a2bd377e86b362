// What every Prometheus client tells about its process, read from /proc/self at each scrape.
#pragma once

#include <vector>

#include "common/metrics/metrics.h"

namespace millrace {

std::vector<MetricFamily> ProcessFamilies();
// Gives no sample for what /proc does not show.
std::vector<MetricSample> ReadProcess();

}  // namespace millrace
