#include "common/net/http_uri.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

HttpUri Parse(absl::string_view text) {
  auto uri = ParseHttpUri(text);
  if (const auto* error = std::get_if<UriError>(&uri)) ADD_FAILURE() << text << ": " << error->detail;
  return std::holds_alternative<HttpUri>(uri) ? std::get<HttpUri>(uri) : HttpUri();
}

TEST(HttpUri, IsSentAsBrowsersWould) {
  EXPECT_EQ(Parse("http://example.org/a.jpg").text, "http://example.org/a.jpg");
  EXPECT_EQ(Parse(" HTTP://Example.ORG ").text, "http://Example.ORG/");
  EXPECT_EQ(Parse("https://example.org/ä b|c.jpg?q=ü#part").text, "https://example.org/%C3%A4%20b%7Cc.jpg?q=%C3%BC");
  EXPECT_EQ(Parse("http://example.org/a%20b.jpg").text, "http://example.org/a%20b.jpg");
  EXPECT_EQ(Parse("http://example.org/a/../b.jpg").text, "http://example.org/b.jpg");
}

TEST(HttpUri, KnowsItsOrigin) {
  EXPECT_EQ(Parse("http://Example.org./x").origin, "http://example.org:80");
  EXPECT_EQ(Parse("https://example.org/x").origin, "https://example.org:443");
  EXPECT_EQ(Parse("https://example.org:8443/x").port, 8443);
  EXPECT_EQ(Parse("http://[2001:DB8::1]:81/x").host, "2001:db8::1");
  EXPECT_EQ(Parse("http://2130706433/x").host, "127.0.0.1");
}

TEST(HttpUri, RefusesWhatIsNone) {
  const auto reason = [](absl::string_view text) {
    auto uri = ParseHttpUri(text);
    return std::holds_alternative<UriError>(uri) ? WordOf(std::get<UriError>(uri).reason) : "fine";
  };
  for (const char* text : {"", "cat.jpg", "ftp://a/b", "file:///etc/passwd", "//example.org/x", "http:/example.org",
                           "gopher://a", "javascript:alert(1)"}) {
    EXPECT_EQ(reason(text), "http/scheme") << text;
  }
  for (const char* text :
       {"http://", "http:///x", "http://:80/", "http://a:0/", "http://a:65536/", "http://a:b/", "http://u@a/",
        "http://u:p@a/", "http://a\\@b/", "http://a b/", "http://ä.org/", "http://a\r\nHost: b/", "http://[::1/",
        "http://[zz]/", "http://a/\x01", "http://0x7f.%a1:80/", "http://a%2fb/", "http://a%00b/"}) {
    EXPECT_EQ(reason(text), "http/uri") << text;
  }
  EXPECT_EQ(reason(absl::string_view("http://a/\0b", 11)), "http/uri");
  EXPECT_EQ(reason("http://a/" + std::string(8000, 'x')), "http/uri");
}

TEST(HttpUri, ListsHaveRelativeRows) {
  EXPECT_EQ(HttpFolderOf("https://host/lists/a.csv?sig=x/y"), "https://host/lists");
  EXPECT_EQ(HttpFolderOf("https://host/a.csv"), "https://host");
  EXPECT_EQ(HttpFolderOf("https://host"), "https://host");
  EXPECT_EQ(ResolveHttpUri("cat/1.jpg", "https://host/lists"), "https://host/lists/cat/1.jpg");
  EXPECT_EQ(ResolveHttpUri("/cat/1.jpg", "https://host/lists"), "https://host/cat/1.jpg");
  EXPECT_EQ(ResolveHttpUri("/cat/1.jpg", "https://host"), "https://host/cat/1.jpg");
  EXPECT_EQ(ResolveHttpUri("//other/1.jpg", "https://host/lists"), "https://other/1.jpg");
  EXPECT_EQ(ResolveHttpUri("http://other/1.jpg", "https://host/lists"), "http://other/1.jpg");
  EXPECT_EQ(ResolveHttpUri("file:///etc/passwd", "https://host/lists"), "file:///etc/passwd");
}

TEST(RedactUri, ShowsNoSecret) {
  EXPECT_EQ(RedactUri("https://host/a.jpg"), "https://host/a.jpg");
  EXPECT_EQ(RedactUri("https://host/a.jpg?X-Amz-Signature=canary&b=1"), "https://host/a.jpg?***");
  EXPECT_EQ(RedactUri("https://user:canary@host/a.jpg"), "https://***@host/a.jpg");
  EXPECT_EQ(RedactUri("https://a@canary@host/a@2x.jpg"), "https://***@host/a@2x.jpg");
  EXPECT_EQ(RedactUri("https://host/#token=canary"), "https://host/#***");
  EXPECT_EQ(RedactUri("https://host?canary"), "https://host?***");
  EXPECT_EQ(RedactUri("data/a#1?.jpg"), "data/a#1?.jpg");
  EXPECT_EQ(RedactUri("file:///data/a#1.jpg"), "file:///data/a#1.jpg");
  EXPECT_EQ(RedactUri(""), "");
}

}  // namespace
}  // namespace millrace
