// The inside of PipelineResources: what attempts of one process share.
#pragma once

#include "worker/pipeline/helper_pool.h"
#include "worker/pipeline/job_summary.h"
#include "worker/pipeline/memory_budget.h"
#include "worker/pipeline/write_task.h"

namespace millrace {

struct PipelineResources::Shared {
  Shared(int threads_in, int64_t image_bytes) : threads(threads_in), budget(image_bytes), helpers(threads_in) {}

  const int threads;
  MemoryBudget budget;  // before the helpers: their last rows give memory back
  JobSummaryCache summaries;
  HelperPool helpers;
};

}  // namespace millrace
