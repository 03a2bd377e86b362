#include "common/net/http_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/csv/input_source.h"
#include "common/io/gzip_writer.h"
#include "tests/support/fault_server.h"

namespace millrace {
namespace {

using End = FaultServer::End;
using Reply = FaultServer::Reply;
using Request = FaultServer::Request;
using testing::HasSubstr;
using testing::Not;

HttpOptions Quick() {
  HttpOptions options;
  options.allow = {"127.0.0.1"};
  options.backoff_base = absl::Milliseconds(1);
  options.max_retry_after = absl::Milliseconds(5);
  return options;
}

absl::StatusOr<std::string> ReadAll(ByteSource& source, size_t piece = 64 << 10) {
  std::string all;
  std::string buffer(piece, '\0');
  for (;;) {
    const absl::StatusOr<size_t> n = source.Read(buffer.data(), piece);
    if (!n.ok()) return n.status();
    if (*n == 0) return all;
    all.append(buffer, 0, *n);
  }
}

absl::StatusOr<std::string> ReadAll(const std::string& uri) {
  auto source = HttpSource::Open(Quick(), uri);
  if (!source.ok()) return source.status();
  return ReadAll(**source);
}

std::string Lines(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) absl::StrAppend(&text, "TRAIN,images/", i, ".jpg,cat\n");
  return text;
}

// An object that is cut off after `piece` bytes of every answer, as far as it has more.
class Object {
 public:
  explicit Object(std::string bytes) : bytes_(std::move(bytes)) {}

  Reply Answer(const Request& request) {
    ++answers;
    ranges += request.Header("Range") + "|" + request.Header("If-Match") + "\n";
    Reply reply;
    reply.headers = validators;
    size_t begin = 0;
    if (const std::string header = request.Header("Range"); knows_ranges && !header.empty()) {
      EXPECT_TRUE(absl::SimpleAtoi(header.substr(6, header.size() - 7), &begin)) << header;
      reply.status = 206;
      reply.headers.push_back(absl::StrCat("Content-Range: bytes ", begin, "-", bytes_.size() - 1, "/", bytes_.size()));
    }
    reply.claimed_length = bytes_.size() - begin;
    reply.body = bytes_.substr(begin, knows_ranges || answers == 1 ? piece : std::string::npos);
    if (reply.body.size() < *reply.claimed_length) reply.end = End::kClose;
    return reply;
  }

  std::vector<std::string> validators = {"ETag: \"v1\""};
  size_t piece = std::string::npos;
  bool knows_ranges = true;
  int answers = 0;
  std::string ranges;

 private:
  const std::string bytes_;
};

TEST(HttpSource, StreamsMoreThanItHoldsAhead) {
  const std::string text = Lines(200'000);  // 5 MB
  Object object(text);
  FaultServer server([&](const Request& request) { return object.Answer(request); });
  auto source = HttpSource::Open(Quick(), server.Uri("/images.csv"));
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->size(), text.size());
  EXPECT_EQ(*ReadAll(**source, 1000), text);
  char more;
  EXPECT_EQ(*(*source)->Read(&more, 1), 0);
  EXPECT_EQ(object.answers, 1);
}

TEST(HttpSource, GoesOnWhereAConnectionWasLost) {
  const std::string text = Lines(2000);
  Object object(text);
  object.piece = text.size() / 7;
  FaultServer server([&](const Request& request) { return object.Answer(request); });
  auto source = HttpSource::Open(Quick(), server.Uri("/images.csv"));
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(*ReadAll(**source), text);
  EXPECT_EQ((*source)->reconnections(),
            (text.size() - 1) / object.piece);  // more often than there are tries, as each brought something
  EXPECT_THAT(object.ranges, HasSubstr(absl::StrCat("bytes=", object.piece, "-|\"v1\"\n")));
}

TEST(HttpSource, NeverMixesTwoVersions) {
  for (const bool knows_ranges : {true, false}) {
    Object object(Lines(2000));
    object.piece = 1000;
    object.knows_ranges = knows_ranges;
    FaultServer server([&](const Request& request) {
      if (object.answers == 1) object.validators = {"ETag: \"v2\""};
      return object.Answer(request);
    });
    const auto text = ReadAll(server.Uri("/images.csv?sig=canary"));
    EXPECT_EQ(text.status(),
              absl::UnavailableError(
                  absl::StrCat(server.Uri("/images.csv?***"), ": http/status (the object changed while it was read)")));
  }
  Object object(Lines(2000));
  object.piece = 1000;
  FaultServer strict([&](const Request& request) -> Reply {
    if (object.answers == 1) return {.status = 412};
    return object.Answer(request);
  });
  EXPECT_THAT(ReadAll(strict.Uri("/")).status().message(), HasSubstr("the object changed"));
}

TEST(HttpSource, AServerWithoutRangesSendsTheStartAgain) {
  const std::string text = Lines(2000);
  Object object(text);
  object.piece = 10'000;
  object.knows_ranges = false;
  FaultServer server([&](const Request& request) { return object.Answer(request); });
  EXPECT_EQ(*ReadAll(server.Uri("/")), text);
  EXPECT_EQ(object.answers, 2);
}

TEST(HttpSource, WithoutAVersionNothingIsContinued) {
  Object object(Lines(2000));
  object.piece = 1000;
  object.validators = {};
  FaultServer server([&](const Request& request) { return object.Answer(request); });
  EXPECT_THAT(ReadAll(server.Uri("/")).status().message(), HasSubstr("neither ETag nor Last-Modified"));
}

TEST(HttpSource, TriesAgainAndFollowsRedirects) {
  int answers = 0;
  FaultServer server([&](const Request& request) -> Reply {
    switch (++answers) {
      case 1:
        return {.status = 503, .headers = {"Retry-After: 0"}};
      case 2:
        return {.end = End::kReset, .silent = true};
      case 3:
        return {.status = 302, .headers = {"Location: /there"}};
      default:
        return {.body = request.path};
    }
  });
  EXPECT_EQ(*ReadAll(server.Uri("/")), "/there");
}

TEST(HttpSource, ErrorsSayWhetherAnotherTryHelps) {
  FaultServer server([](const Request& request) -> Reply {
    int status = 0;
    EXPECT_TRUE(absl::SimpleAtoi(request.path.substr(1, 3), &status));
    if (status == 302) return {.status = 302, .headers = {"Location: /302"}};
    return {.status = status};
  });
  const auto code = [&](const std::string& uri) { return ReadAll(uri).status().code(); };
  EXPECT_EQ(code(server.Uri("/404")), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(server.Uri("/403")), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(server.Uri("/400")), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(server.Uri("/500")), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(server.Uri("/302")), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(absl::StrCat("http://[::1]:", server.port(), "/")), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code("ftp://example.org/"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadAll(server.Uri("/500?a")).status().message(),
            absl::StrCat(server.Uri("/500?***"), ": http/5xx (the server answered 500)"));
}

TEST(HttpSource, AStopEndsIt) {
  std::atomic<bool> arrived = false;
  FaultServer server([&](const Request&) {
    arrived = true;
    arrived.notify_all();
    return Reply{.body = "half", .end = End::kStall, .claimed_length = 8};
  });
  std::stop_source stop;
  auto source = HttpSource::Open(Quick(), server.Uri("/"), stop.get_token());
  ASSERT_TRUE(source.ok()) << source.status();
  std::thread other([&] { stop.request_stop(); });
  EXPECT_EQ(ReadAll(**source).status().code(), absl::StatusCode::kCancelled);
  other.join();
}

TEST(HttpSource, AnEmptyBodyIsAnEnd) {
  FaultServer server([](const Request&) { return Reply{}; });
  EXPECT_EQ(*ReadAll(server.Uri("/")), "");
}

TEST(HttpSource, IsAnInputLikeAFileAlsoInGzip) {
  StringSink sink;
  auto writer = NewGzipWriter(GzipEffort::kSmall, sink);
  ASSERT_TRUE(writer->Append(Lines(1000)).ok() && writer->Finish().ok());
  Object object(sink.bytes());
  object.piece = sink.bytes().size() / 2;
  FaultServer server([&](const Request& request) { return object.Answer(request); });
  auto input = InputSource::Open(server.Uri("/images.csv.gz?sig=1"), [](absl::string_view uri) {
    return absl::StatusOr<std::unique_ptr<ByteSource>>(HttpSource::Open(Quick(), uri));
  });
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_EQ(*ReadAll(**input), Lines(1000));
}

}  // namespace
}  // namespace millrace
