#include "common/net/listen_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

int BindAndListen(const addrinfo& where) {
  const int socket = ::socket(where.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return -1;
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // a restart must not wait for TIME_WAIT
  if (bind(socket, where.ai_addr, where.ai_addrlen) == 0 && listen(socket, SOMAXCONN) == 0) return socket;
  const int error = errno;
  close(socket);
  errno = error;
  return -1;
}

}  // namespace

absl::StatusOr<int> Listen(const Address& address) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int unknown = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (unknown != 0) {
    return absl::InvalidArgumentError(absl::StrCat("cannot listen on ", FormatAddress(address), ": ",
                                                   gai_strerror(unknown), "; give an address of this machine"));
  }
  absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  const int socket = BindAndListen(*found);
  if (socket >= 0) return socket;
  const char* advice = errno == EADDRINUSE ? "; another program uses this port, give another (0: any free one)" : "";
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", FormatAddress(address), ": ", strerror(errno), advice));
}

int PortOf(int socket) {
  sockaddr_storage where = {};
  socklen_t size = sizeof where;
  getsockname(socket, reinterpret_cast<sockaddr*>(&where), &size);
  if (where.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&where)->sin6_port);
  return ntohs(reinterpret_cast<sockaddr_in*>(&where)->sin_port);
}

}  // namespace millrace
