#include "common/net/monitoring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/common/net/raw_client.h"

namespace millrace {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Monitoring, ServesTheFourPages) {
  absl::Status ready = absl::OkStatus();
  auto server =
      HttpServer::Start({}, MonitoringHandlers(
                                "millrace-worker", [] { return "millrace_rows_total 7\n"; }, [&] { return ready; }));
  ASSERT_TRUE(server.ok()) << server.status();
  const auto get = [&](absl::string_view path) {
    return Ask((*server)->port(),
               absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  };
  EXPECT_THAT(get("/metrics"), HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(get("/metrics"), EndsWith("\r\n\r\nmillrace_rows_total 7\n"));
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(get("/readyz"), StartsWith("HTTP/1.1 200 "));
  for (const char* named : {"millrace-worker", "/metrics", "/healthz", "/readyz"})
    EXPECT_THAT(get("/"), HasSubstr(named));
}

TEST(Monitoring, NotReadyIsToldWithItsReasonAndIsStillAlive) {
  auto server = HttpServer::Start({}, MonitoringHandlers(
                                          "millrace-coordinator", [] { return std::string(); },
                                          [] { return absl::UnavailableError("the disk is full"); }));
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string ready = Ask((*server)->port(), "GET /readyz HTTP/1.0\r\n\r\n");
  EXPECT_THAT(ready, HasSubstr(" 503 "));
  EXPECT_THAT(ready, EndsWith("not ready: the disk is full\n"));
  EXPECT_THAT(Ask((*server)->port(), "GET /healthz HTTP/1.0\r\n\r\n"), HasSubstr(" 200 "));
}

}  // namespace
}  // namespace millrace
