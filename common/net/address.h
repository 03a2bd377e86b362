// "host:port" as people write it: "127.0.0.1:7071", "[::1]:0", "localhost:7070".
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

struct Address {
  std::string host;  // without brackets
  uint16_t port = 0;
};

// INVALID_ARGUMENT naming the text unless it is a host and a port from 0 to 65535.
absl::StatusOr<Address> ParseAddress(absl::string_view text);
// The inverse; brackets around an IPv6 host.
std::string FormatAddress(const Address& address);

// "127.1.2.3", "::1" and "localhost": what only this machine can reach.
bool IsLoopback(absl::string_view host);
// An IPv4 or IPv6 address in numbers, without brackets.
bool IsIpLiteral(absl::string_view host);

}  // namespace millrace
