// JobFlow: the life of jobs. What clients ask for, and what follows when a stage is complete. Private to this folder.
//
// Rule of this file: a change of a job's stage is one journal row, and after it Settle() puts the live state (open
// tasks) in step with the durable one. So a restart, a retry and ordinary progress are the same code.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/engine/service/engine_context.h"

namespace millrace {

class JobFlow {
 public:
  explicit JobFlow(EngineContext* context) : context_(*context) {}

  // Returns whether the job existed before.
  absl::StatusOr<bool> Submit(const SubmitJobRequest& request, absl::string_view nonce);
  absl::Status Cancel(const std::string& job_id);
  absl::Status Retry(const std::string& job_id, absl::string_view nonce);

  // Opens every task of the stage that has neither winner nor live attempt, then Advance. After a restart, a plan, a
  // retry.
  void Settle(const std::string& job_id);
  // Ends the write stage if its end has come: too many dead letters, or every shard won.
  void Advance(const std::string& job_id);

  // A fenced scan of a cancelled job runs no more; the cleanup may begin with the last one.
  void Left(EpochKey scan);
  // The cleanup found the dataset complete: the publication had done its work before it failed, and only has to say so.
  void PublishAfterAll(const std::string& job_id);

  // The scan has its winner.
  void Planned(const Attempt& attempt, const ScanResult& scan);
  void Fail(const std::string& job_id, std::string error);
  void Finish(const Attempt& attempt, JobState state, const PublishResult* result);

 private:
  absl::Status CheckWritable() const;
  absl::Status CheckOutputIsFree(const std::string& job_id, const ConvertSpec& spec) const;
  // Opens the cleanup, or ends the job if there is nothing to clean up.
  void SettleCleanup(const JobRecord& job);
  // True if the job failed because of it.
  bool FailExhausted(const JobRecord& job);
  void Publish(const std::string& job_id);
  void EndForGood(Update update);
  void End(Update update);

  EngineContext& context_;
};

}  // namespace millrace
