// The pages by which a daemon is watched; the coordinator and the worker serve the same.
//   /         names the pages
//   /metrics  Prometheus text, version 0.0.4
//   /healthz  200 as long as the process can answer at all
//   /readyz   200, or 503 with the reason in words, when it can do its work
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/net/http_server.h"

namespace millrace {

// Both callbacks are called on the server's threads, several at once. `daemon` is the first word of the page `/`.
std::vector<HttpHandler> MonitoringHandlers(const std::string& daemon, std::function<std::string()> metrics_text,
                                            std::function<absl::Status()> ready);

}  // namespace millrace
