// CoordinatorClient: the coordinator as its clients see it (command line, workers), over gRPC (grpc_client.h) or in
// this process (coordinator/engine/service/in_process_client.h). The code on both sides is the same.
//
// Thread-safe. The blocking calls answer UNAVAILABLE when the coordinator cannot be reached, NOT_FOUND for an unknown
// job or worker, ALREADY_EXISTS for a job id with another specification, FAILED_PRECONDITION when the state forbids the
// call and INVALID_ARGUMENT with the words to show. Messages are complete sentences for people.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "proto/client.pb.h"
#include "proto/job.pb.h"
#include "proto/task.pb.h"

namespace millrace {

class CoordinatorClient {
 public:
  virtual ~CoordinatorClient() = default;

  virtual absl::StatusOr<SubmitJobReply> SubmitJob(const SubmitJobRequest& request) = 0;
  virtual absl::StatusOr<JobStatus> GetJob(const GetJobRequest& request) = 0;
  virtual absl::StatusOr<ListJobsReply> ListJobs(const ListJobsRequest& request) = 0;
  virtual absl::StatusOr<JobStatus> CancelJob(const CancelJobRequest& request) = 0;
  virtual absl::StatusOr<JobStatus> RetryJob(const RetryJobRequest& request) = 0;
  virtual absl::StatusOr<GetJobLogReply> GetJobLog(const GetJobLogRequest& request) = 0;
  virtual absl::StatusOr<ListWorkersReply> ListWorkers(const ListWorkersRequest& request) = 0;
  virtual absl::StatusOr<DrainWorkerReply> DrainWorker(const DrainWorkerRequest& request) = 0;

  // The workers' call. Never blocks; `done` is called exactly once, on any thread, possibly before Sync returns.
  // The worker may send a newer Sync while one is parked: the older then answers `superseded`.
  virtual void Sync(const SyncRequest& request, std::function<void(absl::StatusOr<SyncReply>)> done) = 0;
};

}  // namespace millrace
