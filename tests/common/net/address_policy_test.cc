// The table of spellings, and that nothing behind them is ever asked.
#include "common/net/address_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/net/http_fetcher.h"
#include "tests/support/fault_server.h"

namespace millrace {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using Reply = FaultServer::Reply;
using Request = FaultServer::Request;

std::string Why(absl::string_view address, std::vector<std::string> allow = {}, uint16_t port = 80) {
  return AddressPolicy::Create(allow)->WhyRefused("images.internal", *IpAddress::Parse(address), port);
}

TEST(AddressPolicy, PublicAddressesMayBeReached) {
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
        "223.255.255.255", "2606:4700::1111", "2a00::1", "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
    EXPECT_EQ(Why(address), "") << address;
  }
}

TEST(AddressPolicy, OthersMayNot) {
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "100.64.0.1",
                              "100.100.100.200",
                              "127.0.0.1",
                              "127.255.255.255",
                              "168.63.129.16",
                              "169.254.169.254",
                              "169.254.170.2",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.192",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.0.1",
                              "198.18.0.1",
                              "198.51.100.1",
                              "203.0.113.1",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::127.0.0.1",
                              "::ffff:127.0.0.1",
                              "::ffff:169.254.169.254",
                              "::ffff:0:127.0.0.1",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a9fe:a9fe",
                              "64:ff9b:1::7f00:1",
                              "100::1",
                              "2001::1",
                              "2001:db8::1",
                              "2002:7f00:1::",
                              "2002:808:808::",
                              "3fff::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1",
                              "2606:4700::5efe:10.0.0.1",
                              "2606:4700::200:5efe:127.0.0.1",
                              "5f00::1"}) {
    EXPECT_NE(Why(address), "") << address;
  }
  EXPECT_EQ(Why("169.254.169.254"), "169.254.169.254 is a link-local address, where metadata services live");
}

TEST(AddressPolicy, OnlyPortsOfWebServers) {
  for (uint16_t port : {80, 443, 1024, 8080, 65535}) EXPECT_EQ(Why("8.8.8.8", {}, port), "") << port;
  for (uint16_t port : {21, 22, 25, 53, 110, 445, 993}) EXPECT_NE(Why("8.8.8.8", {}, port), "") << port;
}

TEST(AddressPolicy, WhatIsAllowedMayBeReached) {
  EXPECT_EQ(Why("10.1.2.3", {"10.1.0.0/16"}, 22), "");
  EXPECT_NE(Why("10.2.2.3", {"10.1.0.0/16"}), "");
  EXPECT_EQ(Why("::1", {"::1"}), "");
  EXPECT_EQ(Why("fd12::1", {"fd00::/8"}), "");
  EXPECT_EQ(Why("169.254.169.254", {"Images.Internal."}), "");
  EXPECT_NE(Why("169.254.169.254", {"internal"}), "");
  EXPECT_EQ(Why("10.0.0.1", {"0.0.0.0/0"}), "");
  EXPECT_NE(Why("fe80::1", {"0.0.0.0/0"}), "");
  for (const char* bad : {"", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0.0/x", "http://a", "a b", "*"}) {
    EXPECT_FALSE(AddressPolicy::Create({bad}).ok()) << bad;
  }
}

// How people have spelled addresses to get past such rules. PORT is that of a server on the loopback.
constexpr absl::string_view kSpellings[] = {
    "http://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT/a.jpg?x=http://example.org",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://127.255.255.254:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7F.1:PORT/",
    "http://0x7f.0x0.0x0.0x1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://0177.0.0.01:PORT/",
    "http://00000177.0.0.1:PORT/",
    "http://017700000001:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://127.0.0.0x1:PORT/",
    "http://0:PORT/",
    "http://0.0.0.0:PORT/",
    "http://0x0:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST:PORT/",
    "http://localhost.:PORT/",
    "http://foo.localhost:PORT/",
    "http://[::1]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[::]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "http://[64:ff9b::7f00:1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[fe80::1%25lo]:PORT/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254./latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://0xA9FEA9FE/latest/meta-data/",
    "http://0251.0376.0251.0376/latest/meta-data/",
    "http://169.254.43518/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/machine",
    "http://192.0.0.192/latest/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://loop.example:PORT/",
    "http://mapped.example:PORT/",
    "http://metadata.example/",
    "http://mixed.example:PORT/",
    "http://user@127.0.0.1:PORT/",
    "http://example.org@127.0.0.1:PORT/",
    "http://example.org:80@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT@example.org:PORT/",
    "http://127.0.0.1:PORT\\@example.org/",
    "http://example.org\\.127.0.0.1:PORT/",
    "http://127.0.0.1:PORT#@example.org/",
    "http://127.0.0.1:PORT?@example.org/",
    "http://127。0。0。1:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://127.0.0.1%00.example.org:PORT/",
    "http://127.0.0.1%2eexample.org:PORT/",
    "http://127.0.0.1\t:PORT/",
    "http:/127.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/",
    "http:127.0.0.1:PORT/",
    "//127.0.0.1:PORT/",
    "ftp://127.0.0.1:PORT/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/_GET",
    "dict://127.0.0.1:PORT/",
    "HtTp://127.0.0.1:PORT/",
    "https://127.0.0.1:PORT/",
};

HttpOptions Strict(int port) {
  HttpOptions options;
  options.max_requests = 1;
  // Names that need no DNS, with those that end in a dot (libcurl looks them up as names).
  for (absl::string_view name :
       {"loop.example:PORT:127.0.0.1", "mapped.example:PORT:[::ffff:127.0.0.1]", "metadata.example:80:169.254.169.254",
        "mixed.example:PORT:10.0.0.1,127.0.0.1", "127.0.0.1.:PORT:127.0.0.1", "localhost.:PORT:127.0.0.1",
        "169.254.169.254.:80:169.254.169.254", "127.0.0.1.example.org:PORT:127.0.0.1"}) {
    options.resolve.push_back(absl::StrReplaceAll(name, {{"PORT", absl::StrCat(port)}}));
  }
  return options;
}

FetchResult Fetch(HttpFetcher& fetcher, std::string uri) {
  FetchTicket ticket = fetcher.Start({.uri = std::move(uri)});
  EXPECT_TRUE(ticket.Wait());
  return ticket.Take();
}

TEST(AddressPolicy, NoSpellingReachesTheLoopback) {
  static_assert(std::size(kSpellings) >= 60);
  FaultServer server([](const Request&) { return Reply{.body = "secret"}; });
  auto fetcher = HttpFetcher::Create(Strict(server.port()));
  for (absl::string_view spelling : kSpellings) {
    const std::string uri = absl::StrReplaceAll(spelling, {{"PORT", absl::StrCat(server.port())}});
    const FetchResult result = Fetch(**fetcher, uri);
    EXPECT_THAT(std::string(result.reason), AnyOf("http/refused", "http/uri", "http/scheme")) << uri << result.detail;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(AddressPolicy, NoRedirectLeadsThere) {
  FaultServer inside([](const Request&) { return Reply{.body = "secret"}; });
  FaultServer outside([&](const Request& request) {
    const auto index = static_cast<size_t>(std::stoi(request.path.substr(1)));
    const std::string target = absl::StrReplaceAll(kSpellings[index], {{"PORT", absl::StrCat(inside.port())}});
    return Reply{.status = 302, .headers = {absl::StrCat("Location: ", target)}};
  });
  HttpOptions options = Strict(inside.port());
  options.allow = {"outside.example"};
  options.resolve.push_back(absl::StrCat("outside.example:", outside.port(), ":127.0.0.1"));
  auto fetcher = HttpFetcher::Create(options);
  for (size_t i = 0; i < std::size(kSpellings); ++i) {
    const FetchResult result = Fetch(**fetcher, absl::StrCat("http://outside.example:", outside.port(), "/", i));
    EXPECT_NE(result.outcome, FetchResult::Outcome::kOk) << kSpellings[i];
  }
  EXPECT_EQ(inside.requests(), 0);
}

// A connection that one host may use is not a way for another: libcurl would reuse it, and asks for no new socket.
TEST(AddressPolicy, AReusedConnectionIsNoWayIn) {
  FaultServer server([](const Request&) { return Reply{.body = "secret"}; });
  HttpOptions options;
  options.max_requests = 1;
  options.allow = {"localhost"};
  auto fetcher = HttpFetcher::Create(options);
  EXPECT_EQ(Fetch(**fetcher, absl::StrCat("http://localhost:", server.port(), "/")).body, "secret");
  const FetchResult other = Fetch(**fetcher, absl::StrCat("http://127.0.0.1:", server.port(), "/"));
  EXPECT_EQ(other.reason, "http/refused");
  EXPECT_EQ(other.detail, "127.0.0.1 is a loopback address");
}

TEST(AddressPolicy, NoProxyOfTheEnvironmentIsUsed) {
  FaultServer proxy([](const Request&) { return Reply{.body = "secret"}; });
  setenv("http_proxy", proxy.Uri("").c_str(), 1);
  setenv("all_proxy", proxy.Uri("").c_str(), 1);
  auto fetcher = HttpFetcher::Create(Strict(proxy.port()));
  EXPECT_EQ(Fetch(**fetcher, "http://metadata.example/").reason, "http/refused");
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  EXPECT_EQ(proxy.connections(), 0);
}

}  // namespace
}  // namespace millrace
