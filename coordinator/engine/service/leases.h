// Leases: the worker's side of the engine. Syncs, adoption, grants, expiry, the parked. Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/engine/service/engine_context.h"
#include "coordinator/engine/service/job_flow.h"
#include "coordinator/engine/service/results.h"

namespace millrace {

class Leases {
 public:
  Leases(EngineContext* context, Results* results, JobFlow* flow)
      : context_(*context), results_(*results), flow_(*flow) {}

  absl::StatusOr<SyncReply> Sync(const SyncRequest& request);
  void Park(absl::string_view process);
  void Unpark(absl::string_view process);
  std::optional<SyncReply> Poll(absl::string_view process);
  std::vector<std::string> TakeWoken();
  void Tick();
  absl::StatusOr<const LiveWorker*> Drain(absl::string_view name);

 private:
  SyncReply Superseded(const SyncRequest& request);
  // The worker's record; made, and an older process of the same name replaced, if this process is new.
  LiveWorker& Register(const WorkerInfo& info);
  void Replace(LiveWorker& old);
  // What it was given and does not have was lost.
  void LoseWhatItLacks(const LiveWorker& worker, const SyncRequest& request);
  // Fenced scans of cancelled jobs: those of this worker that it has no more; those whose lease is over.
  void LetGo(const LiveWorker& worker, const SyncRequest& request);
  void LetGoExpired();
  // The verdict if the worker has to drop the attempt; its lease is renewed otherwise.
  std::optional<Results::Verdict> Hear(const LiveWorker& worker, const AttemptReport& report);
  bool Adopt(const LiveWorker& worker, const AttemptReport& report);
  void Renew(EpochKey epoch, const Progress& progress);
  // Leases what the scheduler gives, as assignments.
  std::vector<Assignment> GrantTo(const LiveWorker& worker);
  Assignment Lease(const LiveWorker& worker, const Grant& grant);
  SyncReply ReplyTo(const LiveWorker& worker) const;

  void ExpireLeases();
  void OpenDelayed();
  void FindStragglers();
  void EndQuarantines();
  void ForgetSilent();

  EngineContext& context_;
  Results& results_;
  JobFlow& flow_;
};

}  // namespace millrace
