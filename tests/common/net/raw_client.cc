#include "tests/common/net/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "absl/strings/match.h"

namespace millrace {

RawClient::RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const timeval ten_seconds = {10, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &ten_seconds, sizeof ten_seconds);
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<uint16_t>(port));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0) return;
  close(socket_);
  socket_ = -1;
}

RawClient::~RawClient() {
  if (socket_ >= 0) close(socket_);
}

void RawClient::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server closed: what it answered tells why
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool RawClient::ReadSome(std::string* all) {
  char buffer[4096];
  const ssize_t got = recv(socket_, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  all->append(buffer, static_cast<size_t>(got));
  return true;
}

std::string RawClient::ReadToEnd() {
  std::string all;
  while (ReadSome(&all)) {
  }
  return all;
}

std::string RawClient::ReadUntil(absl::string_view text) {
  std::string all;
  while (!absl::StrContains(all, text) && ReadSome(&all)) {
  }
  return all;
}

std::string Ask(int port, absl::string_view request) {
  RawClient client(port);
  client.Send(request);
  return client.ReadToEnd();
}

}  // namespace millrace
