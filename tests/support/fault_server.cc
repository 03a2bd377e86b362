#include "tests/support/fault_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace millrace {
namespace {

void Reset(int socket) {
  const linger at_once = {1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

// One connection, plain or in TLS.
struct FaultServer::Wire {
  // The bytes up to the empty line, or nothing once the client has closed.
  std::string ReadHead() {
    for (;;) {
      const size_t end = buffer.find("\r\n\r\n");
      if (end != std::string::npos) {
        std::string head = buffer.substr(0, end + 2);
        buffer.erase(0, end + 4);
        return head;
      }
      char bytes[4096];
      const long got = ssl ? TlsRead(ssl, bytes, sizeof bytes) : recv(socket, bytes, sizeof bytes, 0);
      if (got <= 0) return "";
      buffer.append(bytes, static_cast<size_t>(got));
    }
  }

  bool SendAll(absl::string_view bytes) {
    while (!bytes.empty()) {
      const long sent = ssl ? TlsWrite(ssl, bytes.data(), static_cast<int>(bytes.size()))
                            : send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  bool Send(const Reply& reply);

  int socket;
  void* ssl = nullptr;
  std::string buffer = {};
};

std::string FaultServer::Request::Header(absl::string_view name) const {
  for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos || !absl::EqualsIgnoreCase(line.substr(0, colon), name)) continue;
    return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return "";
}

FaultServer::FaultServer(Script script, const TlsIdentity* identity) : script_(std::move(script)), identity_(identity) {
  signal(SIGPIPE, SIG_IGN);  // of a TLS client that went away
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&where), size) != 0 || listen(listener_, 512) != 0) std::abort();
  getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size);
  port_ = ntohs(where.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

FaultServer::~FaultServer() {
  {
    MutexLock lock(&mu_);
    ending_ = true;
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  std::list<std::thread> threads;
  {
    MutexLock lock(&mu_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

std::string FaultServer::Uri(absl::string_view path) const {
  return absl::StrCat(identity_ != nullptr ? "https://localhost:" : "http://127.0.0.1:", port_, path);
}

void FaultServer::Accept() {
  for (int socket; (socket = accept(listener_, nullptr, nullptr)) >= 0;) {
    ++accepted_;
    MutexLock lock(&mu_);
    if (ending_) {
      close(socket);
      return;
    }
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { Serve(socket); });
  }
}

void FaultServer::Serve(int socket) {
  Wire wire{socket};
  if (identity_ != nullptr) wire.ssl = identity_->Accept(socket);
  if (identity_ == nullptr || wire.ssl != nullptr) Converse(wire);
  TlsIdentity::Close(wire.ssl);
  MutexLock lock(&mu_);
  sockets_.erase(std::find(sockets_.begin(), sockets_.end(), socket));
  close(socket);
}

void FaultServer::Converse(Wire& wire) {
  for (;;) {
    Request request;
    request.head = wire.ReadHead();
    if (request.head.empty()) return;
    const std::vector<std::string> words = absl::StrSplit(request.head.substr(0, request.head.find("\r\n")), ' ');
    request.path = words.size() == 3 ? words[1] : "";
    const Reply reply = Ask(request);
    const bool sent = reply.silent || wire.Send(reply);
    if (reply.end == End::kStall) wire.ReadHead();  // until the client closes
    if (reply.end == End::kReset) Reset(wire.socket);
    if (!sent || reply.end != End::kKeep) return;
  }
}

FaultServer::Reply FaultServer::Ask(const Request& request) {
  ++requests_;
  {
    MutexLock lock(&mu_);
    reached_ = std::max(reached_, ++at_once_);
    most_at_once_ = reached_;
  }
  Reply reply = script_(request);
  MutexLock lock(&mu_);
  --at_once_;
  return reply;
}

bool FaultServer::AwaitAtOnce(int n) {
  MutexLock lock(&mu_);
  mu_.Await([this, n]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return reached_ >= n || ending_; });
  return reached_ >= n;
}

bool FaultServer::Wire::Send(const Reply& reply) {
  std::string answer = absl::StrCat("HTTP/1.1 ", reply.status, " -\r\n");
  for (const std::string& header : reply.headers) absl::StrAppend(&answer, header, "\r\n");
  if (reply.chunked) {
    absl::StrAppend(&answer, "Transfer-Encoding: chunked\r\n\r\n");
    if (!reply.body.empty()) absl::StrAppendFormat(&answer, "%x\r\n%s\r\n", reply.body.size(), reply.body);
    if (reply.end == End::kKeep) absl::StrAppend(&answer, "0\r\n\r\n");
  } else {
    absl::StrAppend(&answer, "Content-Length: ", reply.claimed_length.value_or(reply.body.size()), "\r\n\r\n",
                    reply.body);
  }
  return SendAll(answer);
}

}  // namespace millrace
