#include "common/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace millrace {
namespace {

absl::Status NotAnAddress(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", JsonEscape(text), "\" is not HOST:PORT, for example 127.0.0.1:7071 or [::1]:7071"));
}

}  // namespace

absl::StatusOr<Address> ParseAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return NotAnAddress(text);
  absl::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (absl::StrContains(host, ':')) {
    return NotAnAddress(text);  // an IPv6 address without brackets: which colon starts the port?
  }
  uint32_t port = 0;
  const absl::string_view digits = text.substr(colon + 1);
  const bool number = !digits.empty() && digits.find_first_not_of("0123456789") == absl::string_view::npos;
  if (host.empty() || !number || !absl::SimpleAtoi(digits, &port) || port > 65535) return NotAnAddress(text);
  return Address{std::string(host), static_cast<uint16_t>(port)};
}

std::string FormatAddress(const Address& address) {
  if (absl::StrContains(address.host, ':')) return absl::StrCat("[", address.host, "]:", address.port);
  return absl::StrCat(address.host, ":", address.port);
}

bool IsIpLiteral(absl::string_view host) {
  const std::string text(host);
  in6_addr ignored;
  return inet_pton(AF_INET, text.c_str(), &ignored) == 1 || inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

bool IsLoopback(absl::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr v4;
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace millrace
