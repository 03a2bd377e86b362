// CoordinatorClient over gRPC. Connects lazily and reconnects by itself; a call while the coordinator is away fails
// with UNAVAILABLE at once (callers decide whether to retry).
#pragma once

#include <memory>
#include <string>

#include "common/client/coordinator_client.h"

namespace millrace {

struct GrpcClientOptions {
  std::string address;  // "host:port"
  std::string token;    // sent as "authorization: Bearer …" if not empty
};

std::unique_ptr<CoordinatorClient> MakeGrpcClient(const GrpcClientOptions& options);

}  // namespace millrace
