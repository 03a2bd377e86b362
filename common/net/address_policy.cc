#include "common/net/address_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

struct NamedPrefix {
  absl::string_view text;
  absl::string_view what;
};

constexpr NamedPrefix kRefusedV4[] = {
    {"0.0.0.0/8", "an unspecified address"},
    {"10.0.0.0/8", "a private address"},
    {"100.64.0.0/10", "an address behind a carrier's NAT"},
    {"127.0.0.0/8", "a loopback address"},
    {"168.63.129.16", "a metadata service"},  // Azure's, on a public address
    {"169.254.0.0/16", "a link-local address, where metadata services live"},
    {"172.16.0.0/12", "a private address"},
    {"192.0.0.0/24", "a reserved address"},
    {"192.0.2.0/24", "an address for examples"},
    {"192.31.196.0/24", "a reserved address"},
    {"192.52.193.0/24", "a reserved address"},
    {"192.88.99.0/24", "a reserved address"},
    {"192.168.0.0/16", "a private address"},
    {"192.175.48.0/24", "a reserved address"},
    {"198.18.0.0/15", "an address for benchmarks"},
    {"198.51.100.0/24", "an address for examples"},
    {"203.0.113.0/24", "an address for examples"},
    {"224.0.0.0/4", "a multicast address"},
    {"240.0.0.0/4", "a reserved address"},
};

// Of 2000::/3, the only public part of IPv6.
constexpr NamedPrefix kRefusedV6[] = {
    {"2001::/23", "a reserved address"},  // with Teredo, which carries an IPv4 address
    {"2001:db8::/32", "an address for examples"},
    {"2002::/16", "a 6to4 address"},
    {"3fff::/20", "an address for examples"},
};

constexpr NamedPrefix kNamedV6[] = {
    {"::", "an unspecified address"},      {"::1", "a loopback address"},       {"fc00::/7", "a private address"},
    {"fe80::/10", "a link-local address"}, {"ff00::/8", "a multicast address"}, {"fec0::/10", "a private address"},
};

struct ParsedPrefix {
  IpPrefix prefix;
  absl::string_view what;
};

template <size_t n>
std::vector<ParsedPrefix> ParseAll(const NamedPrefix (&table)[n]) {
  std::vector<ParsedPrefix> parsed;
  for (const NamedPrefix& entry : table) parsed.push_back({*IpPrefix::Parse(entry.text), entry.what});
  return parsed;
}

absl::string_view Find(const std::vector<ParsedPrefix>& table, const IpAddress& address) {
  for (const ParsedPrefix& entry : table)
    if (entry.prefix.Contains(address)) return entry.what;
  return {};
}

IpAddress FromV4(const uint8_t* four) {
  IpAddress address;
  address.bytes[10] = address.bytes[11] = 0xff;
  std::copy(four, four + 4, address.bytes.begin() + 12);
  return address;
}

// The IPv4 address that is reached through this IPv6 one: NAT64 (RFC 6052), and ISATAP (RFC 5214) in a public prefix.
std::optional<IpAddress> Embedded(const IpAddress& address) {
  static const IpPrefix kNat64 = *IpPrefix::Parse("64:ff9b::/96");
  if (kNat64.Contains(address)) return FromV4(&address.bytes[12]);
  const uint8_t* id = &address.bytes[8];
  if ((id[0] & 0xfd) == 0 && id[1] == 0 && id[2] == 0x5e && id[3] == 0xfe) return FromV4(&address.bytes[12]);
  return std::nullopt;
}

absl::string_view WhatV4(const IpAddress& address) {
  static const std::vector<ParsedPrefix> kTable = ParseAll(kRefusedV4);
  return Find(kTable, address);
}

// What kind of address that nobody may reach it is; empty for a public one.
absl::string_view WhatItIs(const IpAddress& address) {
  static const std::vector<ParsedPrefix> kRefused = ParseAll(kRefusedV6);
  static const std::vector<ParsedPrefix> kNamed = ParseAll(kNamedV6);
  static const IpPrefix kGlobal = *IpPrefix::Parse("2000::/3");
  static const IpPrefix kNat64 = *IpPrefix::Parse("64:ff9b::/96");
  if (address.is_v4()) return WhatV4(address);
  if (const auto embedded = Embedded(address)) {
    if (absl::string_view what = WhatV4(*embedded); !what.empty()) return what;
  }
  if (absl::string_view what = Find(kNamed, address); !what.empty()) return what;
  if (!kGlobal.Contains(address) && !kNat64.Contains(address)) return "a reserved address";
  return Find(kRefused, address);
}

std::string Normal(absl::string_view host) {
  std::string lower = absl::AsciiStrToLower(host);
  if (!lower.empty() && lower.back() == '.') lower.pop_back();
  return lower;
}

bool IsHostName(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  const std::string number(text.substr(0, text.find('%')));
  IpAddress address;
  if (inet_pton(AF_INET6, number.c_str(), address.bytes.data()) == 1) return address;
  uint8_t four[4];
  if (inet_pton(AF_INET, number.c_str(), four) == 1) return FromV4(four);
  return absl::InvalidArgumentError(absl::StrCat("\"", JsonEscape(text), "\" is not an IP address"));
}

IpAddress IpAddress::Of(const sockaddr* address) {
  IpAddress ip;
  if (address->sa_family == AF_INET) {
    uint8_t four[4];
    std::memcpy(four, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    return FromV4(four);
  }
  if (address->sa_family == AF_INET6) {
    std::memcpy(ip.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
  }
  return ip;
}

bool IpAddress::is_v4() const {
  static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(bytes.data(), kMapped, sizeof kMapped) == 0;
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_v4()) {
    inet_ntop(AF_INET, &bytes[12], text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  }
  return text;
}

absl::StatusOr<IpPrefix> IpPrefix::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  IpPrefix prefix;
  MILLRACE_ASSIGN_OR_RETURN(prefix.address, IpAddress::Parse(text.substr(0, slash)));
  if (slash == absl::string_view::npos) return prefix;
  const int shift = absl::string_view::npos == text.find(':') ? 96 : 0;
  if (!absl::SimpleAtoi(text.substr(slash + 1), &prefix.bits) || prefix.bits < 0 || prefix.bits + shift > 128) {
    return absl::InvalidArgumentError(absl::StrCat("\"", JsonEscape(text), "\" has a wrong number of bits"));
  }
  prefix.bits += shift;
  return prefix;
}

bool IpPrefix::Contains(const IpAddress& other) const {
  const size_t whole = static_cast<size_t>(bits) / 8;
  if (std::memcmp(address.bytes.data(), other.bytes.data(), whole) != 0) return false;
  const int rest = bits % 8;
  return rest == 0 || (address.bytes[whole] ^ other.bytes[whole]) >> (8 - rest) == 0;
}

absl::StatusOr<AddressPolicy> AddressPolicy::Create(const std::vector<std::string>& allow) {
  AddressPolicy policy;
  for (const std::string& entry : allow) {
    if (absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(entry); prefix.ok()) {
      policy.allowed_.push_back(*prefix);
    } else if (IsHostName(entry)) {
      policy.allowed_hosts_.insert(Normal(entry));
    } else {
      return absl::InvalidArgumentError(absl::StrCat("\"", JsonEscape(entry),
                                                     "\" is neither an address, a prefix like 10.1.0.0/16 nor the "
                                                     "name of a host"));
    }
  }
  return policy;
}

std::string AddressPolicy::WhyRefused(absl::string_view host, const IpAddress& address, uint16_t port) const {
  if (allowed_hosts_.contains(Normal(host))) return "";
  for (const IpPrefix& prefix : allowed_)
    if (prefix.Contains(address)) return "";
  const absl::string_view what = WhatItIs(address);
  if (!what.empty()) return absl::StrCat(address.ToString(), " is ", what);
  if (port < 1024 && port != 80 && port != 443) return absl::StrCat("port ", port, " is not a port of web servers");
  return "";
}

}  // namespace millrace
