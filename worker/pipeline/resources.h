// The inside of PipelineResources: what attempts of one process share.
#pragma once

#include <memory>
#include <utility>

#include "worker/pipeline/helper_pool.h"
#include "worker/pipeline/job_summary.h"
#include "worker/pipeline/memory_budget.h"
#include "worker/pipeline/write_task.h"

namespace millrace {

struct PipelineResources::Shared {
  Shared(int threads_in, int64_t image_bytes, std::unique_ptr<HttpFetcher> fetcher_in)
      : threads(threads_in), budget(image_bytes), fetcher(std::move(fetcher_in)), helpers(threads_in) {}

  const int threads;
  MemoryBudget budget;  // before the helpers: their last rows give memory back
  const std::unique_ptr<HttpFetcher> fetcher;
  JobSummaryCache summaries;
  HelperPool helpers;
};

}  // namespace millrace
