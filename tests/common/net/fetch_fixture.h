// What the tests of HttpFetcher share: a fetcher that may ask the loopback and does not wait long.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/net/http_fetcher.h"
#include "tests/support/fault_server.h"

namespace millrace {

// Everything on the loopback may be asked; repetitions follow at once.
inline HttpOptions QuickOptions() {
  HttpOptions options;
  options.allow = {"127.0.0.1"};
  options.backoff_base = absl::Milliseconds(1);
  options.backoff_cap = absl::Milliseconds(2);
  options.max_retry_after = absl::Milliseconds(5);
  return options;
}

inline std::unique_ptr<HttpFetcher> MakeFetcher(HttpOptions options = QuickOptions()) {
  auto fetcher = HttpFetcher::Create(std::move(options));
  EXPECT_TRUE(fetcher.ok()) << fetcher.status();
  return *std::move(fetcher);
}

inline FetchResult Fetch(HttpFetcher& fetcher, FetchRequest request) {
  FetchTicket ticket = fetcher.Start(std::move(request));
  EXPECT_TRUE(ticket.Wait());
  return ticket.Take();
}

inline FetchResult FetchUri(HttpFetcher& fetcher, const std::string& uri) { return Fetch(fetcher, {.uri = uri}); }

inline std::string Describe(const FetchResult& result) { return absl::StrCat(result.reason, ": ", result.detail); }

}  // namespace millrace
