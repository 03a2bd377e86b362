#include "common/net/http_fetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/dataset/reasons.h"
#include "common/net/http_server.h"

namespace millrace {
namespace {

using Outcome = FetchResult::Outcome;

TEST(HttpFetcher, FetchesABodyAndRefusesTheLoopbackUnlessAllowed) {
  auto server =
      HttpServer::Start({}, {{"GET", "/a", [](const HttpRequest&) { return HttpResponse{.body = "hello"}; }}});
  ASSERT_TRUE(server.ok());
  const std::string uri = absl::StrCat("http://", (*server)->address(), "/a");
  auto allowed = HttpFetcher::Create({.allow = {"127.0.0.1"}});
  FetchTicket ticket = (*allowed)->Start({.uri = uri});
  ASSERT_TRUE(ticket.Wait());
  FetchResult result = ticket.Take();
  EXPECT_EQ(result.outcome, Outcome::kOk) << result.detail;
  EXPECT_EQ(result.body, "hello");
  auto strict = HttpFetcher::Create({});
  ticket = (*strict)->Start({.uri = uri});
  ASSERT_TRUE(ticket.Wait());
  result = ticket.Take();
  EXPECT_EQ(result.reason, "http/refused");
  EXPECT_EQ(result.detail, "127.0.0.1 is a loopback address");
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
