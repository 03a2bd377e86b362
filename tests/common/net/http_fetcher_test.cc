#include "common/net/http_fetcher.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/dataset/reasons.h"
#include "tests/common/net/fetch_fixture.h"

namespace millrace {
namespace {

using End = FaultServer::End;
using Reply = FaultServer::Reply;
using Request = FaultServer::Request;
using Outcome = FetchResult::Outcome;
using testing::HasSubstr;
using testing::Not;

TEST(HttpFetcher, BringsABodyAndSaysWhoAsks) {
  std::string head;
  FaultServer server([&](const Request& request) {
    head = request.head;
    return Reply{.body = "hello"};
  });
  auto fetcher = MakeFetcher();
  const FetchResult result = FetchUri(*fetcher, server.Uri("/a b.jpg?sig=secret"));
  EXPECT_EQ(result.outcome, Outcome::kOk) << Describe(result);
  EXPECT_EQ(result.body, "hello");
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.requests, 1);
  EXPECT_EQ(result.final_uri, server.Uri("/a%20b.jpg?***"));
  EXPECT_THAT(head, HasSubstr("GET /a%20b.jpg?sig=secret HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("User-Agent: millrace/"));
  EXPECT_THAT(head, Not(HasSubstr("Accept-Encoding")));  // an image is wanted as it is
  EXPECT_EQ(fetcher->counters().ok, 1);
  EXPECT_EQ(fetcher->counters().bytes, 5);
  EXPECT_EQ(fetcher->counters().in_flight, 0);
  EXPECT_EQ(fetcher->counters().waiting, 0);
}

TEST(HttpFetcher, EveryFaultHasItsReason) {
  FaultServer server([](const Request& request) -> Reply {
    const std::string& path = request.path;
    int status = 0;
    if (absl::StartsWith(path, "/status/") && absl::SimpleAtoi(path.substr(8), &status)) return {.status = status};
    if (path == "/short") return {.body = "half", .end = End::kClose, .claimed_length = 8};
    if (path == "/shortchunk") return {.body = "half", .end = End::kClose, .chunked = true};
    if (path == "/reset") return {.body = "half", .end = End::kReset, .claimed_length = 8};
    if (path == "/silent") return {.end = End::kClose, .silent = true};
    if (path == "/large") return {.body = std::string(2000, 'x')};
    if (path == "/largechunk") return {.body = std::string(2000, 'x'), .chunked = true};
    if (path == "/loop") return {.status = 302, .headers = {"Location: /loop"}};
    if (path == "/nowhere") return {.status = 302};
    if (path == "/ftp") return {.status = 302, .headers = {"Location: ftp://127.0.0.1/x"}};
    if (path == "/file") return {.status = 302, .headers = {"Location: file:///etc/passwd"}};
    if (path == "/login") return {.status = 302, .headers = {"Location: http://u:p@127.0.0.1/x"}};
    if (path == "/robots") return {.body = "x", .headers = {"X-Robots-Tag: NoAI"}};
    if (path == "/otherbot") return {.body = "fine", .headers = {"X-Robots-Tag: otherbot: noindex"}};
    if (path == "/errorpage") return {.status = 404, .body = std::string(1 << 20, 'x')};
    if (path == "/html") return {.body = "<html>", .headers = {"Content-Type: text/html"}};
    return {.body = ""};
  });
  const std::map<std::string, std::string> cases = {
      {"/status/401", "http/401"},
      {"/status/403", "http/403"},
      {"/status/404", "http/404"},
      {"/status/410", "http/410"},
      {"/status/418", "http/4xx"},
      {"/status/429", "http/429"},
      {"/status/500", "http/5xx"},
      {"/status/503", "http/5xx"},
      {"/status/501", "http/5xx"},
      {"/status/206", "http/status"},
      {"/status/304", "http/status"},
      {"/status/204", "http/status"},
      {"/short", "http/short_body"},
      {"/reset", "http/short_body"},
      {"/shortchunk", "http/short_body"},
      {"/silent", "http/connect"},
      {"/large", "http/too_large"},
      {"/largechunk", "http/too_large"},
      {"/loop", "http/redirects"},
      {"/nowhere", "http/status"},
      {"/ftp", "http/scheme"},
      {"/file", "http/scheme"},
      {"/login", "http/uri"},
      {"/robots", "http/robots"},
      {"/otherbot", ""},
      {"/errorpage", "http/404"},
      {"/html", ""},
      {"/empty", "http/empty"},
  };
  HttpOptions options = QuickOptions();
  options.retry_ratio = 1;
  auto fetcher = MakeFetcher(options);
  for (const auto& [path, reason] : cases) {
    const FetchResult result = Fetch(*fetcher, {.uri = server.Uri(path), .max_bytes = 1000});
    EXPECT_EQ(result.reason, reason) << path << ": " << Describe(result);
    EXPECT_EQ(result.outcome == Outcome::kOk, reason.empty()) << path;
  }
}

TEST(HttpFetcher, WhatIsNoUriIsNotAsked) {
  auto fetcher = MakeFetcher();
  EXPECT_EQ(FetchUri(*fetcher, "ftp://example.org/a").reason, "http/scheme");
  EXPECT_EQ(FetchUri(*fetcher, "http://user:secret@example.org/a").reason, "http/uri");
  EXPECT_EQ(FetchUri(*fetcher, "http://exam\nple.org/a").reason, "http/uri");
  EXPECT_EQ(fetcher->counters().requests, 0);
}

TEST(HttpFetcher, NobodyListensAndNobodyIsKnown) {
  int port;
  {
    FaultServer gone([](const Request&) { return Reply{}; });
    port = gone.port();
  }
  auto fetcher = MakeFetcher();
  const FetchResult refused = FetchUri(*fetcher, absl::StrCat("http://127.0.0.1:", port, "/"));
  EXPECT_EQ(Describe(refused), absl::StrCat("http/connect: no connection to 127.0.0.1, port ", port));
  EXPECT_EQ(refused.requests, 4);
  // A part of a name above 63 bytes: no resolver is asked.
  EXPECT_EQ(FetchUri(*fetcher, absl::StrCat("http://", std::string(64, 'a'), ".invalid/")).reason, "http/dns");
}

TEST(HttpFetcher, ASilentServerIsGivenUp) {
  FaultServer server([](const Request& request) {
    return request.path == "/stall" ? Reply{.body = "half", .end = End::kStall, .claimed_length = 8}
                                    : Reply{.end = End::kStall, .silent = true};
  });
  HttpOptions options = QuickOptions();
  options.total_timeout = absl::Milliseconds(100);
  auto fetcher = MakeFetcher(options);
  EXPECT_EQ(FetchUri(*fetcher, server.Uri("/")).reason, "http/timeout");
  EXPECT_EQ(FetchUri(*fetcher, server.Uri("/stall")).reason, "http/timeout");
  options.total_timeout = absl::Seconds(30);
  options.min_speed_window = absl::Seconds(1);
  options.max_requests = 1;
  const FetchResult slow = FetchUri(*MakeFetcher(options), server.Uri("/stall"));
  EXPECT_EQ(Describe(slow), "http/too_slow: less than 1000 bytes a second for 1s");
}

// A listener whose queue is full: the kernel drops further connections, as a firewall does.
TEST(HttpFetcher, AHostBehindAFirewallIsGivenUp) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&where), size), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&where), &size);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    connect(fillers.back(), reinterpret_cast<sockaddr*>(&where), size);
  }
  HttpOptions options = QuickOptions();
  options.connect_timeout = absl::Milliseconds(100);
  const FetchResult result =
      FetchUri(*MakeFetcher(options), absl::StrCat("http://127.0.0.1:", ntohs(where.sin_port), "/"));
  EXPECT_EQ(Describe(result), "http/connect: no connection to 127.0.0.1 in time");
  EXPECT_EQ(result.requests, 4);
  for (const int socket : fillers) close(socket);
  close(listener);
}

TEST(HttpFetcher, RedirectsAreFollowedFiveTimes) {
  FaultServer server([](const Request& request) -> Reply {
    const int left = request.path.back() - '0';
    if (left == 0) return {.body = "there"};
    return {.status = left % 2 ? 301 : 307, .headers = {absl::StrCat("Location: ", left - 1)}};
  });
  auto fetcher = MakeFetcher();
  const FetchResult five = FetchUri(*fetcher, server.Uri("/d/5"));
  EXPECT_EQ(five.body, "there") << Describe(five);
  EXPECT_EQ(five.final_uri, server.Uri("/d/0"));
  EXPECT_EQ(five.requests, 1);
  EXPECT_EQ(FetchUri(*fetcher, server.Uri("/d/6")).reason, "http/redirects");
  EXPECT_EQ(fetcher->counters().redirects, 10);
}

TEST(HttpFetcher, MemoryIsAskedForBeforeItIsTaken) {
  FaultServer server([](const Request& request) {
    return Reply{.body = std::string(300'000, 'x'), .chunked = request.path == "/chunked"};
  });
  auto fetcher = MakeFetcher();
  int64_t allowed = 299'999;
  std::vector<int64_t> asked;
  const auto reserve = [&](int64_t bytes) {
    asked.push_back(bytes);
    return bytes <= allowed;
  };
  FetchResult result = Fetch(*fetcher, {.uri = server.Uri("/"), .reserve = reserve});
  EXPECT_EQ(result.outcome, Outcome::kNoMemory);
  EXPECT_EQ(result.needed_bytes, 300'000);
  allowed = 300'000;
  EXPECT_EQ(Fetch(*fetcher, {.uri = server.Uri("/"), .reserve = reserve}).body.size(), 300'000);
  EXPECT_THAT(asked, testing::ElementsAre(300'000, 300'000));
  asked.clear();
  allowed = 1 << 20;
  result = Fetch(*fetcher, {.uri = server.Uri("/chunked"), .max_bytes = 400'000, .reserve = reserve});
  EXPECT_EQ(result.body.size(), 300'000) << Describe(result);
  EXPECT_EQ(asked.back(), 400'000);
  EXPECT_EQ(fetcher->counters().no_memory, 1);
}

TEST(HttpFetcher, ADroppedTicketEndsItsRequestAndItsCallbacks) {
  std::atomic<bool> arrived = false;
  FaultServer server([&](const Request&) {
    arrived = true;
    arrived.notify_all();
    return Reply{.end = End::kStall, .silent = true};
  });
  auto fetcher = MakeFetcher();
  bool called = false;
  FetchTicket ticket = fetcher->Start({.uri = server.Uri("/"), .on_ready = [&] { called = true; }});
  FetchTicket waiting = fetcher->Start({.uri = server.Uri("/")});
  arrived.wait(false);
  ticket.Reset();
  waiting.Reset();
  EXPECT_FALSE(ticket.valid());
  FaultServer other([](const Request&) { return Reply{.body = "x"}; });
  EXPECT_EQ(FetchUri(*fetcher, other.Uri("/")).body, "x");  // the thread has seen both by now
  EXPECT_EQ(fetcher->counters().dropped, 2);
  EXPECT_EQ(fetcher->counters().in_flight, 0);
  EXPECT_FALSE(called);
}

TEST(HttpFetcher, AStopEndsAWaitAndTheEndEndsAll) {
  FaultServer server([](const Request&) { return Reply{.end = End::kStall, .silent = true}; });
  auto fetcher = MakeFetcher();
  std::stop_source stop;
  FetchTicket ticket = fetcher->Start({.uri = server.Uri("/")});
  std::thread other([&] { EXPECT_FALSE(ticket.Wait(stop.get_token())); });
  stop.request_stop();
  other.join();
  fetcher.reset();
  EXPECT_TRUE(ticket.Wait());
  EXPECT_EQ(ticket.Take().outcome, Outcome::kStopped);
}

TEST(HttpFetcher, ReadyIsToldOnceTheResultIsThere) {
  FaultServer server([](const Request&) { return Reply{.body = "x"}; });
  auto fetcher = MakeFetcher();
  std::atomic<int> told = 0;
  FetchTicket ticket = fetcher->Start({.uri = server.Uri("/"), .on_ready = [&] {
                                         told = 1;
                                         told.notify_all();
                                       }});
  told.wait(0);
  EXPECT_TRUE(ticket.ready());
  EXPECT_EQ(ticket.Take().body, "x");
}

TEST(HttpFetcher, OptionsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(HttpFetcher::Create({.max_in_flight = 0}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(HttpFetcher::Create({.retry_ratio = 2}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(HttpFetcher::Create({.allow = {"10.0.0.0/33"}}).status().message(), HasSubstr("10.0.0.0/33"));
}

TEST(FetchReasons, AreThoseOfTheTableOfAllRows) {
  std::vector<std::string> ours(kFetchReasonWords.begin(), kFetchReasonWords.end());
  std::vector<std::string> table;
  for (const Reason& reason : kReasons)
    if (absl::StartsWith(reason.word, "http/")) table.emplace_back(reason.word);
  EXPECT_THAT(table, testing::UnorderedElementsAreArray(ours));
}

}  // namespace
}  // namespace millrace
