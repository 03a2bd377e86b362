#include "common/net/http_fetcher.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/net/fetch_loop.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<HttpFetcher>> HttpFetcher::Create(HttpOptions options) {
  MILLRACE_ASSIGN_OR_RETURN(std::shared_ptr<const TransferRules> rules, TransferRules::Create(std::move(options)));
  return std::unique_ptr<HttpFetcher>(new HttpFetcher(std::make_unique<FetchLoop>(std::move(rules))));
}

HttpFetcher::HttpFetcher(std::unique_ptr<FetchLoop> loop) : loop_(std::move(loop)) {}
HttpFetcher::~HttpFetcher() = default;

FetchTicket HttpFetcher::Start(FetchRequest request) { return FetchTicket(loop_->Start(std::move(request))); }

const FetchCounters& HttpFetcher::counters() const { return loop_->counters(); }

}  // namespace millrace
