// HttpServer: the small HTTP/1.1 server of both daemons, for short answers made in memory (metrics, health). It is
// libmicrohttpd with two threads of its own behind this header.
//
//   auto server = HttpServer::Start({.address = "127.0.0.1:0"},
//                                   {{"GET", "/healthz", [](const HttpRequest&) { return HttpResponse{.body = "ok\n"};
//                                   }}});
//   (*server)->address()  // "127.0.0.1:40123"
//
// Threads: Start and Stop on the owner's; handlers run on the server's threads, several at once. A handler must not
// block for long and must not stop the server. Errors: Start answers INVALID_ARGUMENT for a bad address, UNAVAILABLE if
// it cannot be bound. What a client does wrong it is told (400, 403, 404, 405, 413) and never reaches a handler.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace millrace {

struct HttpRequest {
  std::string method;  // "GET", also for HEAD: the server drops the body
  std::string path;    // decoded, without the query
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct HttpHandler {
  std::string method;  // "GET" (answers HEAD too) or "POST"
  std::string path;    // exact
  std::function<HttpResponse(const HttpRequest&)> handle;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1:0";              // port 0: any free one
  size_t max_body_bytes = 1 << 20;                  // a larger request is answered 413
  size_t max_header_bytes = 32 << 10;               // memory of one connection; a larger head is answered 431 or 414
  unsigned max_connections = 256;                   // more are closed at once
  absl::Duration idle_timeout = absl::Seconds(15);  // whole seconds; a connection silent for so long is closed
  absl::Duration stop_timeout = absl::Seconds(2);   // how long Stop waits for answers on their way
  // Names, beside "localhost", this machine's own name and any IP address, under which the server may be asked. Any
  // other Host is refused: a page of a stranger whose DNS name suddenly points here (DNS rebinding) must not read our
  // answers.
  std::vector<std::string> allowed_hosts = {};
};

class HttpServer {
 public:
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpServerOptions options,
                                                           std::vector<HttpHandler> handlers);
  // As Stop.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;
  // Where it really listens: host of the options, real port.
  const std::string& address() const;
  // Takes no new connection, lets running answers finish (at most stop_timeout), then closes all. Idempotent.
  void Stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
