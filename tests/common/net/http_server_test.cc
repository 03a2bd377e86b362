#include "common/net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/mutex.h"
#include "tests/common/net/raw_client.h"

namespace millrace {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Get(absl::string_view path, absl::string_view host = "localhost") {
  return absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", host, "\r\nConnection: close\r\n\r\n");
}

class HttpServerTest : public testing::Test {
 protected:
  void Start(HttpServerOptions options = {}) {
    auto server = HttpServer::Start(
        std::move(options), {{"GET", "/hello", [](const HttpRequest&) { return HttpResponse{.body = "hello\n"}; }},
                             {"POST", "/echo", [](const HttpRequest& request) {
                                return HttpResponse{.status = 201, .body = request.body};
                              }}});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string Ask(absl::string_view request) { return millrace::Ask(server_->port(), request); }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersWhatIsThere) {
  Start();
  const std::string answer = Ask(Get("/hello?any=thing"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nhello\n"));
  EXPECT_EQ(server_->address(), absl::StrCat("127.0.0.1:", server_->port()));
}

TEST_F(HttpServerTest, HeadIsGetWithoutTheBody) {
  Start();
  const std::string answer = Ask("HEAD /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, TellsWhatIsNotThereFromWhatIsAskedWrongly) {
  Start();
  EXPECT_THAT(Ask(Get("/other")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask(Get("/hello/")), StartsWith("HTTP/1.1 404 "));
  const std::string wrong_method = Ask("DELETE /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(wrong_method, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(wrong_method, HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(Ask(Get("/echo")), HasSubstr("Allow: POST\r\n"));
}

TEST_F(HttpServerTest, GathersABodyThatComesInPieces) {
  Start();
  RawClient client(server_->port());
  client.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("3\r\nmil\r\n");
  client.Send("5\r\nlrace\r\n0\r\n\r\n");
  const std::string answer = client.ReadToEnd();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 201 "));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nmillrace"));
}

TEST_F(HttpServerTest, RefusesBodiesAboveTheCap) {
  Start({.max_body_bytes = 8});
  EXPECT_THAT(Ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n123456789"),
              StartsWith("HTTP/1.1 413 "));
  // Undeclared length: closed without an answer.
  EXPECT_EQ(
      Ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n"),
      "");
  EXPECT_THAT(Ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 8\r\n\r\n12345678"),
              StartsWith("HTTP/1.1 201 "));
}

// A stranger's page whose DNS name was pointed at 127.0.0.1 sends its own name as Host.
TEST_F(HttpServerTest, RefusesHostNamesThatAreNotOurs) {
  Start({.allowed_hosts = {"Mill.Example"}});
  for (const char* host : {"localhost", "LOCALHOST:7071", "127.0.0.1", "127.0.0.1:80", "[::1]:80", "10.1.2.3",
                           "mill.example", "mill.example:7071"})
    EXPECT_THAT(Ask(Get("/hello", host)), StartsWith("HTTP/1.1 200 ")) << host;
  for (const char* host : {"evil.example", "evil.example:7071", "localhost.evil.example", "127.0.0.1.evil.example", "",
                           "[evil.example]", "localhost:70:71"})
    EXPECT_THAT(Ask(Get("/hello", host)), Not(StartsWith("HTTP/1.1 200 "))) << host;
  EXPECT_THAT(Ask("GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Ask("GET /hello HTTP/1.0\r\n\r\n"), HasSubstr(" 200 "));  // curl -0, health checkers: not a browser
}

TEST_F(HttpServerTest, SurvivesWhatIsNotHttp) {
  Start({.max_header_bytes = 4096});
  const std::string zeros(64, '\0');
  const std::string long_head = absl::StrCat("GET /hello HTTP/1.1\r\nHost: localhost\r\nX: ", std::string(10000, 'x'));
  for (const std::string& bytes :
       {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string("\x16\x03\x01 hello"), zeros,
        absl::StrCat(long_head, "\r\n\r\n"), absl::StrCat("GET /", std::string(10000, 'a'), " HTTP/1.1\r\n\r\n"),
        std::string("GET /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"),
        std::string("GET /hello HTTP/1.1\r\n\r\n")}) {
    RawClient client(server_->port());
    client.Send(bytes);
  }
  EXPECT_THAT(Ask(Get("/%00hello")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask(absl::StrCat(long_head, "\r\n\r\n")), Not(HasSubstr("200 OK")));
  EXPECT_THAT(Ask(Get("/hello")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ServesManyAtOnce) {
  Start();
  std::vector<std::thread> threads;
  std::vector<std::string> answers(16);
  for (std::string& answer : answers) threads.emplace_back([&] { answer = Ask(Get("/hello")); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& answer : answers) EXPECT_THAT(answer, EndsWith("hello\n"));
}

TEST_F(HttpServerTest, TwoRequestsOnOneConnection) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("hello\n"), StartsWith("HTTP/1.1 200 "));
  client.Send(Get("/other"));
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 404 "));
}

TEST_F(HttpServerTest, ClosesASilentConnection) {
  Start({.idle_timeout = absl::Seconds(1)});
  RawClient client(server_->port());
  client.Send("GET /hel");
  EXPECT_THAT(client.ReadToEnd(), Not(HasSubstr("200 OK")));  // ends by the server's timeout, not by the client's 10 s
}

TEST(HttpServerStop, LetsARunningAnswerFinish) {
  Mutex mu;
  bool entered = false, may_answer = false;
  auto slow = [&](const HttpRequest&) {
    MutexLock lock(&mu);
    entered = true;
    mu.Await([&] { return may_answer; });
    return HttpResponse{.body = "late\n"};
  };
  auto server = HttpServer::Start({.stop_timeout = absl::Seconds(10)}, {{"GET", "/slow", slow}});
  ASSERT_TRUE(server.ok()) << server.status();
  RawClient client((*server)->port());
  client.Send(Get("/slow"));
  {
    MutexLock lock(&mu);
    mu.Await([&] { return entered; });
  }
  std::thread stopper([&] { (*server)->Stop(); });
  {
    MutexLock lock(&mu);
    may_answer = true;
  }
  EXPECT_THAT(client.ReadToEnd(), EndsWith("late\n"));
  stopper.join();
  EXPECT_FALSE(RawClient((*server)->port()).connected());
}

TEST(HttpServerStart, NamesTheAddressThatItCannotHave) {
  auto first = HttpServer::Start({}, {});
  ASSERT_TRUE(first.ok()) << first.status();
  auto second = HttpServer::Start({.address = (*first)->address()}, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr((*first)->address()));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another program uses this port"));
  EXPECT_EQ(HttpServer::Start({.address = "nonsense"}, {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(HttpServer::Start({.address = "192.0.2.1:0"}, {}).ok());  // not of this machine
}

}  // namespace
}  // namespace millrace
