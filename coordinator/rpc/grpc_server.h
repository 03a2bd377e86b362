// The coordinator's gRPC port: a thin shell that turns calls into EngineService calls. No call holds a thread.
// Owns the server; borrows the service, which must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/engine/service/engine_service.h"

namespace millrace {

struct GrpcServerOptions {
  std::string listen;  // "127.0.0.1:7070"; port 0 takes a free one
  std::string token;   // required of every call ("authorization: Bearer …") if not empty
  // Told of every answered call: its method ("SubmitJob"), how it ended and how long it took, parking included. Called
  // on any thread; must not block.
  std::function<void(absl::string_view method, absl::StatusCode code, absl::Duration time)> answered =
      [](absl::string_view, absl::StatusCode, absl::Duration) {};
};

class GrpcServer {
 public:
  // Listens, or says why it cannot: UNAVAILABLE for an address in use.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options, EngineService* engine);
  virtual ~GrpcServer() = default;

  virtual std::string address() const = 0;  // "host:port" with the real port
  // Ends calls within two seconds. The engine must answer what is parked (EngineService::Shutdown) first.
  virtual void Shutdown() = 0;
};

}  // namespace millrace
