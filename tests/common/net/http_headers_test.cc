#include "common/net/http_headers.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(RetryAfter, IsSecondsOrADate) {
  const absl::Time now = absl::FromUnixSeconds(1445412420);  // Wed, 21 Oct 2015 07:27:00 GMT
  EXPECT_EQ(ParseRetryAfter("120", now), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter(" 0 ", now), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2015 07:28:00 GMT", now), absl::Minutes(1));
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2015 07:26:00 GMT", now), absl::ZeroDuration());
  for (const char* bad : {"", "soon", "-1", "1.5", "1e9", "99999999999999999999", "Wed, 21 Oct 2015"}) {
    EXPECT_EQ(ParseRetryAfter(bad, now), std::nullopt) << bad;
  }
}

TEST(RobotsTag, ForbidsForEveryoneOrForUs) {
  const auto word = [](std::vector<std::string> headers) { return ForbiddingRobotsWord(headers, "millrace"); };
  EXPECT_EQ(word({"noai"}), "noai");
  EXPECT_EQ(word({"nofollow, NoImageAI"}), "noimageai");
  EXPECT_EQ(word({"nofollow", "noindex"}), "noindex");
  EXPECT_EQ(word({"none"}), "none");
  EXPECT_EQ(word({"Millrace: noindex"}), "noindex");
  EXPECT_EQ(word({"*: noimageindex"}), "noimageindex");
  EXPECT_EQ(word({"googlebot: nofollow, millrace: noai"}), "noai");
  EXPECT_EQ(word({"unavailable_after: 25 Jun 2030 15:00:00 PST, noai"}), "noai");
  EXPECT_EQ(word({"otherbot: noindex, noai"}), "");
  EXPECT_EQ(word({"nofollow, nosnippet, max-snippet: 20"}), "");
  EXPECT_EQ(word({"", ",,", ":"}), "");
}

TEST(ContentRange, HasBeginEndAndTotal) {
  const auto range = ParseContentRange("bytes 100-199/1000");
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->begin, 100);
  EXPECT_EQ(range->end, 200);
  EXPECT_EQ(range->total, 1000);
  EXPECT_EQ(ParseContentRange("bytes 0-0/*")->total, -1);
  for (const char* bad : {"", "bytes", "bytes 5-4/10", "bytes 0-10/10", "bytes */10", "items 0-1/2", "bytes -1-2/3",
                          "bytes 0-9223372036854775807/*"}) {
    EXPECT_FALSE(ParseContentRange(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace millrace
