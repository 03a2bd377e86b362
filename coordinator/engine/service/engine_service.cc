#include "coordinator/engine/service/engine_service.h"

#include <utility>

#include "common/base/status_macros.h"
#include "coordinator/engine/service/service_loop.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<EngineService>> EngineService::Start(EngineServiceOptions options,
                                                                    std::unique_ptr<Journal> journal) {
  auto loop = std::make_unique<Loop>(std::move(options), std::move(journal));
  MILLRACE_RETURN_IF_ERROR(loop->Start());
  return std::unique_ptr<EngineService>(new EngineService(std::move(loop)));
}

EngineService::EngineService(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
EngineService::~EngineService() { Shutdown(); }

void EngineService::SubmitJob(const SubmitJobRequest& request, Done<SubmitJobReply> done) {
  loop_->Call<SubmitJobReply>(std::move(done), [this, request](Done<SubmitJobReply> answer) {
    loop_->Answer(std::move(answer), loop_->engine().Submit(request, loop_->RandomNonce(), loop_->moment()));
  });
}

void EngineService::GetJob(const GetJobRequest& request, Done<JobStatus> done) {
  loop_->Call<JobStatus>(std::move(done),
                         [this, request](Done<JobStatus> answer) { loop_->GetJob(request, std::move(answer)); });
}

void EngineService::ListJobs(const ListJobsRequest&, Done<ListJobsReply> done) {
  loop_->Call<ListJobsReply>(std::move(done), [this](Done<ListJobsReply> answer) {
    loop_->Answer(std::move(answer), loop_->engine().List(loop_->moment()));
  });
}

void EngineService::CancelJob(const CancelJobRequest& request, Done<JobStatus> done) {
  loop_->Call<JobStatus>(std::move(done), [this, request](Done<JobStatus> answer) {
    loop_->Answer(std::move(answer), loop_->engine().Cancel(request.job_id(), loop_->moment()));
  });
}

void EngineService::RetryJob(const RetryJobRequest& request, Done<JobStatus> done) {
  loop_->Call<JobStatus>(std::move(done), [this, request](Done<JobStatus> answer) {
    loop_->Answer(std::move(answer), loop_->engine().Retry(request.job_id(), loop_->RandomNonce(), loop_->moment()));
  });
}

void EngineService::GetJobLog(const GetJobLogRequest& request, Done<GetJobLogReply> done) {
  loop_->Call<GetJobLogReply>(
      std::move(done), [this, request](Done<GetJobLogReply> answer) { loop_->GetJobLog(request, std::move(answer)); });
}

void EngineService::ListWorkers(const ListWorkersRequest&, Done<ListWorkersReply> done) {
  loop_->Call<ListWorkersReply>(std::move(done), [this](Done<ListWorkersReply> answer) {
    loop_->Answer(std::move(answer), loop_->engine().ListWorkers(loop_->moment()));
  });
}

void EngineService::DrainWorker(const DrainWorkerRequest& request, Done<DrainWorkerReply> done) {
  loop_->Call<DrainWorkerReply>(std::move(done), [this, request](Done<DrainWorkerReply> answer) {
    loop_->Answer(std::move(answer), loop_->engine().DrainWorker(request.name(), loop_->moment()));
  });
}

void EngineService::Sync(const SyncRequest& request, Done<SyncReply> done) {
  loop_->Call<SyncReply>(std::move(done),
                         [this, request](Done<SyncReply> answer) { loop_->Sync(request, std::move(answer)); });
}

EngineMetrics EngineService::Metrics() { return loop_->Metrics(); }
bool EngineService::healthy() const { return loop_->healthy(); }
absl::Status EngineService::Ready() const { return loop_->Ready(); }
void EngineService::Shutdown() { loop_->Shutdown(); }

}  // namespace millrace
