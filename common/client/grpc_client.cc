#include "common/client/grpc_client.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/time/clock.h"
#include "common/client/grpc_limits.h"
#include "proto/coordinator.grpc.pb.h"

namespace millrace {
namespace {

constexpr absl::Duration kCallLimit = absl::Seconds(20);  // beyond what a long poll asked to wait

absl::Status FromGrpc(const grpc::Status& status, const std::string& address) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());  // the numbers are the same by design
  if (code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded)
    return absl::UnavailableError(
        absl::StrCat("the coordinator at ", address, " does not answer: ", status.error_message()));
  return absl::Status(code, status.error_message());
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kGrpcMessageLimit);
  arguments.SetMaxSendMessageSize(kGrpcMessageLimit);
  // A restarted coordinator is to be found within a second, not within gRPC's default two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // A dead peer behind a silent network is noticed by pings, also while a call is parked.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kGrpcKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kGrpcKeepaliveMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // The coordinator is named by the operator; an http_proxy variable is not meant for it.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

class GrpcClient final : public CoordinatorClient {
 public:
  explicit GrpcClient(const GrpcClientOptions& options)
      : options_(options), stub_(Coordinator::NewStub(MakeChannel(options.address))) {}

  absl::StatusOr<SubmitJobReply> SubmitJob(const SubmitJobRequest& request) override {
    return Call<SubmitJobReply>(&Coordinator::Stub::SubmitJob, request);
  }
  absl::StatusOr<JobStatus> GetJob(const GetJobRequest& request) override {
    return Call<JobStatus>(&Coordinator::Stub::GetJob, request, request.wait_ms());
  }
  absl::StatusOr<ListJobsReply> ListJobs(const ListJobsRequest& request) override {
    return Call<ListJobsReply>(&Coordinator::Stub::ListJobs, request);
  }
  absl::StatusOr<JobStatus> CancelJob(const CancelJobRequest& request) override {
    return Call<JobStatus>(&Coordinator::Stub::CancelJob, request);
  }
  absl::StatusOr<JobStatus> RetryJob(const RetryJobRequest& request) override {
    return Call<JobStatus>(&Coordinator::Stub::RetryJob, request);
  }
  absl::StatusOr<GetJobLogReply> GetJobLog(const GetJobLogRequest& request) override {
    return Call<GetJobLogReply>(&Coordinator::Stub::GetJobLog, request, request.wait_ms());
  }
  absl::StatusOr<ListWorkersReply> ListWorkers(const ListWorkersRequest& request) override {
    return Call<ListWorkersReply>(&Coordinator::Stub::ListWorkers, request);
  }
  absl::StatusOr<DrainWorkerReply> DrainWorker(const DrainWorkerRequest& request) override {
    return Call<DrainWorkerReply>(&Coordinator::Stub::DrainWorker, request);
  }

  void Sync(const SyncRequest& request, std::function<void(absl::StatusOr<SyncReply>)> done) override {
    struct Pending {
      grpc::ClientContext context;
      SyncRequest request;
      SyncReply reply;
    };
    auto pending = std::make_shared<Pending>();
    pending->request = request;
    Prepare(pending->context, request.wait_ms());
    stub_->async()->Sync(&pending->context, &pending->request, &pending->reply,
                         [pending, address = options_.address, done = std::move(done)](const grpc::Status& status) {
                           if (status.ok()) return done(std::move(pending->reply));
                           done(FromGrpc(status, address));
                         });
  }

 private:
  void Prepare(grpc::ClientContext& context, int64_t wait_ms) const {
    context.set_deadline(absl::ToChronoTime(absl::Now() + kCallLimit + absl::Milliseconds(wait_ms)));
    if (!options_.token.empty()) context.AddMetadata("authorization", "Bearer " + options_.token);
  }

  template <typename Reply, typename Method, typename Request>
  absl::StatusOr<Reply> Call(Method method, const Request& request, int64_t wait_ms = 0) {
    grpc::ClientContext context;
    Prepare(context, wait_ms);
    Reply reply;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &reply);
    if (!status.ok()) return FromGrpc(status, options_.address);
    return reply;
  }

  const GrpcClientOptions options_;
  const std::unique_ptr<Coordinator::Stub> stub_;
};

}  // namespace

std::unique_ptr<CoordinatorClient> MakeGrpcClient(const GrpcClientOptions& options) {
  return std::make_unique<GrpcClient>(options);
}

}  // namespace millrace
