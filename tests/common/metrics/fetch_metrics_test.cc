#include "common/metrics/fetch_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using testing::HasSubstr;

TEST(FetchMetrics, ShowWhatTheFetcherCounted) {
  Metrics metrics;
  AddFetchMetrics(&metrics, {"http/404", "http/5xx"}, [] {
    return FetchNumbers{.requests = 12,
                        .retries = 3,
                        .redirects = 2,
                        .received_bytes = 1000,
                        .in_flight = 4,
                        .waiting = 5,
                        .ok = 6,
                        .failed = {1, 0}};
  });
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("millrace_fetch_requests_total{kind=\"first\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("millrace_fetch_requests_total{kind=\"retry\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("millrace_fetch_uris_total{outcome=\"ok\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("millrace_fetch_uris_total{outcome=\"http/404\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("millrace_fetch_uris_total{outcome=\"http/5xx\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("millrace_fetch_received_bytes_total 1000\n"));
  EXPECT_THAT(text, HasSubstr("millrace_fetch_requests_in_flight 4\n"));
  EXPECT_THAT(text, HasSubstr("millrace_fetch_uris_waiting 5\n"));
}

}  // namespace
}  // namespace millrace
