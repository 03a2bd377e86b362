// RowFetch: the request for one row's image over http, and the memory that its body holds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "common/image/image_error.h"
#include "common/net/http_fetcher.h"
#include "worker/pipeline/memory_budget.h"

namespace millrace {

struct Row;

// Where a row's image lies: a file of this machine, or somewhere on the network.
struct ImagePlace {
  std::string path;  // or the URI
  bool remote = false;
};
// The place of a row, or why it has none.
using UriResolver = std::function<ImageOr<ImagePlace>(const Row& row)>;

// Neither copied nor moved: the fetcher's thread grows `hold` until the ticket is ready.
class RowFetch {
 public:
  // Starts it. `most_in_use`: the body is refused rather than let more of the budget be in use.
  RowFetch(HttpFetcher& fetcher, const std::string& uri, int64_t max_bytes, MemoryBudget& budget, int64_t most_in_use)
      : RowFetch(fetcher, uri, max_bytes, budget, most_in_use, BudgetHold()) {}
  // The same with memory that is already there.
  RowFetch(HttpFetcher& fetcher, const std::string& uri, int64_t max_bytes, MemoryBudget& budget, int64_t most_in_use,
           BudgetHold hold)
      : hold_(std::move(hold)) {
    FetchRequest request{.uri = uri, .max_bytes = max_bytes};
    request.reserve = [this, &budget, most_in_use](int64_t bytes) {
      return bytes <= hold_.bytes() ||
             (budget.in_use() + bytes - hold_.bytes() <= most_in_use && hold_.Grow(budget, bytes));
    };
    ticket_ = fetcher.Start(std::move(request));
  }
  RowFetch(const RowFetch&) = delete;
  RowFetch& operator=(const RowFetch&) = delete;

  // False if `stop` was requested before the result was there.
  bool Wait(std::stop_token stop) const { return ticket_.Wait(std::move(stop)); }
  // After Wait, once each.
  FetchResult TakeResult() { return ticket_.Take(); }
  BudgetHold TakeHold() { return std::move(hold_); }

 private:
  BudgetHold hold_;  // before the ticket: a ticket that is dropped asks for no more memory
  FetchTicket ticket_;
};

}  // namespace millrace
