// Which addresses an http(s) row may reach. A row of a CSV is a stranger's word: without this rule it could read the
// cloud's metadata service, a database on the loopback or a printer of the office through our workers (SSRF).
//
// The rule is asked about the address that is really connected to, after name resolution and before every request, so
// that it does not matter how a host was spelled, what its name resolves to today or where a redirect led.
// Source of the tables: IANA's special-purpose address registries (RFC 6890), and metadata services by their documents.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sockaddr;

namespace millrace {

// An IPv6 address; IPv4 as ::ffff:a.b.c.d.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};

  // INVALID_ARGUMENT unless it is an address in numbers: "10.0.0.1", "fe80::1%eth0" (the zone is ignored).
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);
  // All zero (and so refused) for a family that is not IP.
  static IpAddress Of(const sockaddr* address);
  bool is_v4() const;
  std::string ToString() const;
};

// "10.0.0.0/8", or one address.
struct IpPrefix {
  IpAddress address;
  int bits = 128;

  static absl::StatusOr<IpPrefix> Parse(absl::string_view text);
  bool Contains(const IpAddress& other) const;
};

// Constant after Create; thread-safe.
class AddressPolicy {
 public:
  // `allow`: prefixes, addresses and host names, to which nothing below applies. INVALID_ARGUMENT naming the entry.
  static absl::StatusOr<AddressPolicy> Create(const std::vector<std::string>& allow);

  // Empty: `host`, which has resolved to this address, may be asked. Else why not: "127.0.0.1 is a loopback address".
  // Refused: everything that is not public, IPv6 addresses that carry such an IPv4 address, metadata services on public
  // addresses, and ports below 1024 but 80 and 443 (mail, shells, name servers).
  std::string WhyRefused(absl::string_view host, const IpAddress& address, uint16_t port) const;

 private:
  std::vector<IpPrefix> allowed_;
  absl::flat_hash_set<std::string> allowed_hosts_;
};

}  // namespace millrace
