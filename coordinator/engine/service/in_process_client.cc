#include "coordinator/engine/service/in_process_client.h"

#include <optional>
#include <utility>

#include "common/base/mutex.h"

namespace millrace {
namespace {

// Calls `start` with a callback and waits for it.
template <typename Reply, typename Start>
absl::StatusOr<Reply> Wait(Start start) {
  Mutex mu;
  std::optional<absl::StatusOr<Reply>> answer;
  start([&](absl::StatusOr<Reply> reply) {
    MutexLock lock(&mu);
    answer = std::move(reply);
  });
  MutexLock lock(&mu);
  mu.Await([&] { return answer.has_value(); });
  return *std::move(answer);
}

}  // namespace

absl::StatusOr<SubmitJobReply> InProcessClient::SubmitJob(const SubmitJobRequest& request) {
  return Wait<SubmitJobReply>([&](auto done) { service_->SubmitJob(request, done); });
}
absl::StatusOr<JobStatus> InProcessClient::GetJob(const GetJobRequest& request) {
  return Wait<JobStatus>([&](auto done) { service_->GetJob(request, done); });
}
absl::StatusOr<ListJobsReply> InProcessClient::ListJobs(const ListJobsRequest& request) {
  return Wait<ListJobsReply>([&](auto done) { service_->ListJobs(request, done); });
}
absl::StatusOr<JobStatus> InProcessClient::CancelJob(const CancelJobRequest& request) {
  return Wait<JobStatus>([&](auto done) { service_->CancelJob(request, done); });
}
absl::StatusOr<JobStatus> InProcessClient::RetryJob(const RetryJobRequest& request) {
  return Wait<JobStatus>([&](auto done) { service_->RetryJob(request, done); });
}
absl::StatusOr<GetJobLogReply> InProcessClient::GetJobLog(const GetJobLogRequest& request) {
  return Wait<GetJobLogReply>([&](auto done) { service_->GetJobLog(request, done); });
}
absl::StatusOr<ListWorkersReply> InProcessClient::ListWorkers(const ListWorkersRequest& request) {
  return Wait<ListWorkersReply>([&](auto done) { service_->ListWorkers(request, done); });
}
absl::StatusOr<DrainWorkerReply> InProcessClient::DrainWorker(const DrainWorkerRequest& request) {
  return Wait<DrainWorkerReply>([&](auto done) { service_->DrainWorker(request, done); });
}
void InProcessClient::Sync(const SyncRequest& request, std::function<void(absl::StatusOr<SyncReply>)> done) {
  service_->Sync(request, std::move(done));
}

}  // namespace millrace
