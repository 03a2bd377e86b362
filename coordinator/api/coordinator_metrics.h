// The numbers of a coordinator daemon: the engine's own counters, read at each scrape. Thread-safe.
#pragma once

#include <vector>

#include "common/metrics/metrics.h"
#include "coordinator/engine/service/engine_metrics.h"

namespace millrace {

class EngineService;

class CoordinatorMetrics {
 public:
  // Borrows both: `engine` must live as long as anyone asks `metrics` for its text.
  CoordinatorMetrics(Metrics* metrics, EngineService* engine);
};

std::vector<MetricFamily> CoordinatorFamilies();
std::vector<MetricSample> SamplesOf(const EngineMetrics& engine);

}  // namespace millrace
