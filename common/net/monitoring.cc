#include "common/net/monitoring.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/version.h"

namespace millrace {
namespace {

// Prometheus 3 fails a scrape whose Content-Type it does not know.
constexpr absl::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

HttpResponse Ready(const absl::Status& status) {
  if (status.ok()) return {.body = "ready\n"};
  return {.status = 503, .body = absl::StrCat("not ready: ", status.message(), "\n")};
}

std::string FrontPage(const std::string& daemon) {
  return absl::StrCat(daemon, " ", kVersion,
                      "\n\n"
                      "/metrics  numbers for Prometheus\n"
                      "/healthz  is the process alive?\n"
                      "/readyz   can it do its work?\n");
}

}  // namespace

std::vector<HttpHandler> MonitoringHandlers(const std::string& daemon, std::function<std::string()> metrics_text,
                                            std::function<absl::Status()> ready) {
  return {
      {"GET", "/", [page = FrontPage(daemon)](const HttpRequest&) { return HttpResponse{.body = page}; }},
      {"GET", "/metrics",
       [text = std::move(metrics_text)](const HttpRequest&) {
         return HttpResponse{.content_type = std::string(kMetricsText), .body = text()};
       }},
      {"GET", "/healthz", [](const HttpRequest&) { return HttpResponse{.body = "ok\n"}; }},
      {"GET", "/readyz", [ready = std::move(ready)](const HttpRequest&) { return Ready(ready()); }},
  };
}

}  // namespace millrace
