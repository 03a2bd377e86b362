// What the fetcher does with servers that fail, and spares them.
#include <unistd.h>

#include <fstream>
#include <map>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/common/net/fetch_fixture.h"

namespace millrace {
namespace {

using End = FaultServer::End;
using Reply = FaultServer::Reply;
using Request = FaultServer::Request;
using Outcome = FetchResult::Outcome;
using testing::HasSubstr;
using testing::Not;

TEST(HttpFetcher, ARepetitionHelpsAndIsCounted) {
  std::atomic<int> asked = 0;
  FaultServer server([&](const Request&) -> Reply {
    switch (++asked) {
      case 1:
        return {.status = 503, .headers = {"Retry-After: 0"}};
      case 2:
        return {.body = "ha", .end = End::kReset, .claimed_length = 5};
      case 3:
        return {.status = 500};
      default:
        return {.body = "hallo"};
    }
  });
  auto fetcher = MakeFetcher();
  const FetchResult result = FetchUri(*fetcher, server.Uri("/"));
  EXPECT_EQ(result.body, "hallo");
  EXPECT_EQ(result.requests, 4);
  EXPECT_EQ(fetcher->counters().retries, 3);
}

TEST(HttpFetcher, RepetitionsAreASmallPartOfTheRequests) {
  FaultServer server([](const Request&) { return Reply{.status = 500}; });
  auto fetcher = MakeFetcher();
  std::vector<FetchTicket> tickets;
  for (int i = 0; i < 200; ++i) tickets.push_back(fetcher->Start({.uri = server.Uri("/")}));
  for (FetchTicket& ticket : tickets) {
    ASSERT_TRUE(ticket.Wait());
    EXPECT_EQ(ticket.Take().reason, "http/5xx");
  }
  EXPECT_LE(fetcher->counters().retries, 10 + 200 / 5);  // ten at the start, then one for five
  EXPECT_GE(fetcher->counters().retries, 40);
}

TEST(HttpFetcher, AHostGetsItsLimitAtOnceAndNoMore) {
  FaultServer* self = nullptr;
  FaultServer server([&](const Request& request) {
    if (request.path == "/together") self->AwaitAtOnce(16);
    return Reply{.body = "x"};
  });
  self = &server;
  HttpOptions options = QuickOptions();
  options.max_per_host = 16;
  auto fetcher = MakeFetcher(options);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(FetchUri(*fetcher, server.Uri("/")).body, "x");  // from 4 to 16
  EXPECT_EQ(server.connections(), 1);
  std::vector<FetchTicket> tickets;
  for (int i = 0; i < 100; ++i) tickets.push_back(fetcher->Start({.uri = server.Uri("/together")}));
  for (FetchTicket& ticket : tickets) EXPECT_TRUE(ticket.Wait());
  EXPECT_EQ(server.most_at_once(), 16);
  EXPECT_LE(server.connections(), 16);
}

TEST(HttpFetcher, ADeadHostDoesNotStopOthers) {
  FaultServer dead([](const Request&) { return Reply{.end = End::kStall, .silent = true}; });
  FaultServer alive([](const Request&) { return Reply{.body = "x"}; });
  auto fetcher = MakeFetcher();
  std::vector<FetchTicket> lost;
  for (int i = 0; i < 300; ++i) lost.push_back(fetcher->Start({.uri = dead.Uri("/")}));
  for (int i = 0; i < 300; ++i) EXPECT_EQ(FetchUri(*fetcher, alive.Uri("/")).body, "x");
  for (const FetchTicket& ticket : lost) EXPECT_FALSE(ticket.ready());
  EXPECT_LE(dead.most_at_once(), 4);
}

// Of 400 URIs each tenth meets one fault that passes, a few meet one that does not.
TEST(HttpFetcher, CountsAddUpUnderFaults) {
  Mutex mu;
  std::map<std::string, int> seen;
  FaultServer server([&](const Request& request) -> Reply {
    int n = 0;
    EXPECT_TRUE(absl::SimpleAtoi(request.path.substr(1), &n));
    int times;
    {
      MutexLock lock(&mu);
      times = ++seen[request.path];
    }
    if (n % 50 == 7) return {.status = 404};
    if (n % 50 == 8) return {.status = 302, .headers = {absl::StrCat("Location: /", n + 1)}};
    if (times > 1 || n % 10 != 0) return {.body = absl::StrCat("body ", n)};
    switch (n / 10 % 5) {
      case 0:
        return {.status = 500};
      case 1:
        return {.status = 503, .headers = {"Retry-After: 1"}};
      case 2:
        return {.status = 429, .headers = {"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"}};
      case 3:
        return {.body = "bo", .end = End::kReset, .claimed_length = 6};
      default:
        return {.body = "bo", .end = End::kClose, .claimed_length = 6};
    }
  });
  auto fetcher = MakeFetcher();
  std::vector<FetchTicket> tickets;
  for (int i = 0; i < 400; ++i) tickets.push_back(fetcher->Start({.uri = server.Uri(absl::StrCat("/", i))}));
  int ok = 0;
  int missing = 0;
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(tickets[i].Wait());
    const FetchResult result = tickets[i].Take();
    if (result.reason == "http/404") {
      ++missing;
      EXPECT_EQ(i % 50, 7);
    } else {
      EXPECT_EQ(result.body, absl::StrCat("body ", i % 50 == 8 ? i + 1 : i)) << i << " " << Describe(result);
      ++ok;
    }
  }
  const FetchCounters& counters = fetcher->counters();
  EXPECT_EQ(missing, 8);
  EXPECT_EQ(ok, 392);
  EXPECT_EQ(counters.ok, 392);
  EXPECT_EQ(counters.failed[static_cast<size_t>(FetchReason::k404)], 8);
  EXPECT_EQ(counters.retries, 40);
  EXPECT_EQ(counters.redirects, 8);
  EXPECT_EQ(counters.requests, 400 + 40 + 8);
  EXPECT_EQ(server.requests(), 448);
  EXPECT_EQ(counters.waiting, 0);
}

TEST(HttpFetcher, SecretsStandInNoResult) {
  FaultServer server([](const Request& request) -> Reply {
    if (absl::StartsWith(request.path, "/away")) {
      return {.status = 302, .headers = {"Location: ftp://user:canary@host/?X-Amz-Signature=canary#canary"}};
    }
    if (absl::StartsWith(request.path, "/reset")) return {.end = End::kReset, .silent = true};
    return {.status = 403};
  });
  auto fetcher = MakeFetcher();
  for (const std::string& uri :
       {server.Uri("/away?sig=canary"), server.Uri("/reset?sig=canary"), server.Uri("/403?sig=canary#canary"),
        std::string("http://canary:canary@example.org/?canary"), std::string("http://[canary?canary")}) {
    const FetchResult result = FetchUri(*fetcher, uri);
    EXPECT_EQ(result.outcome, Outcome::kFailed);
    EXPECT_THAT(absl::StrCat(Describe(result), result.final_uri), Not(HasSubstr("canary"))) << uri;
  }
}

TEST(HttpFetcher, AServerMustProveItsName) {
  const TlsIdentity identity;
  FaultServer server([](const Request&) { return Reply{.body = "x"}; }, &identity);
  const std::string by_address = absl::StrCat("https://127.0.0.1:", server.port(), "/");
  auto stranger = MakeFetcher();
  const FetchResult unknown = FetchUri(*stranger, server.Uri("/"));
  EXPECT_EQ(unknown.reason, "http/tls") << Describe(unknown);
  EXPECT_THAT(unknown.detail, HasSubstr("certificate"));
  EXPECT_EQ(unknown.requests, 1);  // not repeated
  const std::string ca_file = absl::StrCat(testing::TempDir(), "/ca-", getpid(), ".pem");
  std::ofstream(ca_file) << identity.certificate();
  HttpOptions options = QuickOptions();
  options.ca_file = ca_file;
  auto trusting = MakeFetcher(options);
  const FetchResult known = FetchUri(*trusting, server.Uri("/"));
  EXPECT_EQ(known.body, "x") << Describe(known);
  EXPECT_EQ(FetchUri(*trusting, by_address).reason, "http/tls");  // the certificate is for another name
  EXPECT_EQ(server.requests(), 1);
}

}  // namespace
}  // namespace millrace
