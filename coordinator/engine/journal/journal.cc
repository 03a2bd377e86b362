#include "coordinator/engine/journal/journal.h"

namespace millrace {

std::string JobIdOf(const Update& update) {
  switch (update.update_case()) {
    case Update::kJobSubmitted:
      return update.job_submitted().job_id();
    case Update::kJobPlanned:
      return update.job_planned().job_id();
    case Update::kTaskFailed:
      return update.task_failed().task().job_id();
    case Update::kShardWon:
      return update.shard_won().task().job_id();
    case Update::kJobPublishing:
      return update.job_publishing().job_id();
    case Update::kJobFinished:
      return update.job_finished().job_id();
    case Update::kCancelRequested:
      return update.cancel_requested().job_id();
    case Update::kJobRetried:
      return update.job_retried().job_id();
    case Update::kJobArchived:
      return update.job_archived().status().job_id();
    case Update::kScanLeased:
      return update.scan_leased().job_id();
    case Update::kJobNoted:
      return update.job_noted().job_id();
    case Update::kCoordinatorStarted:
    case Update::UPDATE_NOT_SET:
      return "";
  }
  return "";
}

}  // namespace millrace
