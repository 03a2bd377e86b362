// InProcessClient: the coordinator of this process as a CoordinatorClient, for the embedded mode and for tests. Borrows
// the service. Thread-safe. The blocking calls must not be made from a callback of the service (they would wait for
// themselves).
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "common/client/coordinator_client.h"
#include "coordinator/engine/service/engine_service.h"

namespace millrace {

class InProcessClient : public CoordinatorClient {
 public:
  explicit InProcessClient(EngineService* service) : service_(service) {}

  absl::StatusOr<SubmitJobReply> SubmitJob(const SubmitJobRequest& request) override;
  absl::StatusOr<JobStatus> GetJob(const GetJobRequest& request) override;
  absl::StatusOr<ListJobsReply> ListJobs(const ListJobsRequest& request) override;
  absl::StatusOr<JobStatus> CancelJob(const CancelJobRequest& request) override;
  absl::StatusOr<JobStatus> RetryJob(const RetryJobRequest& request) override;
  absl::StatusOr<GetJobLogReply> GetJobLog(const GetJobLogRequest& request) override;
  absl::StatusOr<ListWorkersReply> ListWorkers(const ListWorkersRequest& request) override;
  absl::StatusOr<DrainWorkerReply> DrainWorker(const DrainWorkerRequest& request) override;
  void Sync(const SyncRequest& request, std::function<void(absl::StatusOr<SyncReply>)> done) override;

 private:
  EngineService* const service_;
};

}  // namespace millrace
