#include "coordinator/rpc/grpc_server.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/client/grpc_limits.h"
#include "proto/coordinator.grpc.pb.h"

namespace millrace {
namespace {

grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

// Compares without telling by its duration how many characters were right.
bool SameToken(absl::string_view a, absl::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

class Service final : public Coordinator::CallbackService {
 public:
  Service(EngineService* engine, GrpcServerOptions options) : engine_(engine), options_(std::move(options)) {}

  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  Reactor* SubmitJob(Context* context, const SubmitJobRequest* in, SubmitJobReply* out) override {
    return Forward(context, in, out, &EngineService::SubmitJob, "SubmitJob");
  }
  Reactor* GetJob(Context* context, const GetJobRequest* in, JobStatus* out) override {
    return Forward(context, in, out, &EngineService::GetJob, "GetJob");
  }
  Reactor* ListJobs(Context* context, const ListJobsRequest* in, ListJobsReply* out) override {
    return Forward(context, in, out, &EngineService::ListJobs, "ListJobs");
  }
  Reactor* CancelJob(Context* context, const CancelJobRequest* in, JobStatus* out) override {
    return Forward(context, in, out, &EngineService::CancelJob, "CancelJob");
  }
  Reactor* RetryJob(Context* context, const RetryJobRequest* in, JobStatus* out) override {
    return Forward(context, in, out, &EngineService::RetryJob, "RetryJob");
  }
  Reactor* GetJobLog(Context* context, const GetJobLogRequest* in, GetJobLogReply* out) override {
    return Forward(context, in, out, &EngineService::GetJobLog, "GetJobLog");
  }
  Reactor* ListWorkers(Context* context, const ListWorkersRequest* in, ListWorkersReply* out) override {
    return Forward(context, in, out, &EngineService::ListWorkers, "ListWorkers");
  }
  Reactor* DrainWorker(Context* context, const DrainWorkerRequest* in, DrainWorkerReply* out) override {
    return Forward(context, in, out, &EngineService::DrainWorker, "DrainWorker");
  }
  Reactor* Sync(Context* context, const SyncRequest* in, SyncReply* out) override {
    return Forward(context, in, out, &EngineService::Sync, "Sync");
  }

 private:
  // The engine answers exactly once, so the reactor is finished exactly once, also after the client has gone.
  template <typename Request, typename Reply, typename Method>
  Reactor* Forward(Context* context, const Request* request, Reply* reply, Method method, absl::string_view name) {
    Reactor* reactor = context->DefaultReactor();
    const absl::Time start = absl::Now();
    if (!Allowed(*context)) {
      options_.answered(name, absl::StatusCode::kUnauthenticated, absl::Now() - start);
      reactor->Finish(
          grpc::Status(grpc::UNAUTHENTICATED, "wrong or missing token: set MILLRACE_TOKEN or --token-file"));
      return reactor;
    }
    (engine_->*method)(*request, [this, name, start, reactor, reply](absl::StatusOr<Reply> answer) {
      options_.answered(name, answer.status().code(), absl::Now() - start);
      if (!answer.ok()) return reactor->Finish(ToGrpc(answer.status()));
      *reply = *std::move(answer);
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

  bool Allowed(const Context& context) const {
    if (options_.token.empty()) return true;
    const auto found = context.client_metadata().find("authorization");
    if (found == context.client_metadata().end()) return false;
    absl::string_view value(found->second.data(), found->second.size());
    return absl::ConsumePrefix(&value, "Bearer ") && SameToken(value, options_.token);
  }

  EngineService* const engine_;
  const GrpcServerOptions options_;
};

class Server final : public GrpcServer {
 public:
  Server(EngineService* engine, const GrpcServerOptions& options) : service_(engine, options) {}
  ~Server() override { Shutdown(); }

  absl::Status Listen(const std::string& address) {
    const size_t colon = address.rfind(':');
    if (colon == std::string::npos)
      return absl::InvalidArgumentError(
          absl::StrCat("'", address, "' is not an address; write host:port, for example 127.0.0.1:7070"));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    builder.SetMaxReceiveMessageSize(kGrpcMessageLimit);
    builder.SetMaxSendMessageSize(kGrpcMessageLimit);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kGrpcKeepaliveMs / 2);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                               0);  // a second coordinator on the port must fail, not share it
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0)
      return absl::UnavailableError(absl::StrCat("cannot listen on ", address, ": is another program using the port?"));
    address_ = absl::StrCat(address.substr(0, colon), ":", port);
    return absl::OkStatus();
  }

  std::string address() const override { return address_; }
  void Shutdown() override {
    if (server_ == nullptr) return;
    server_->Shutdown(absl::ToChronoTime(absl::Now() + absl::Seconds(2)));
    server_->Wait();
    server_ = nullptr;
  }

 private:
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options, EngineService* engine) {
  auto server = std::make_unique<Server>(engine, options);
  if (absl::Status status = server->Listen(options.listen); !status.ok()) return status;
  return server;
}

}  // namespace millrace
