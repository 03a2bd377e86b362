// Any bytes as a URI, an address, and as the headers that we read ourselves: never a crash, and no secret is shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/net/address_policy.h"
#include "common/net/http_headers.h"
#include "common/net/http_uri.h"

namespace millrace {
namespace {

void Must(bool holds) {
  if (!holds) std::abort();
}

void FuzzUri(absl::string_view text) {
  const auto parsed = ParseHttpUri(text);
  if (const auto* uri = std::get_if<HttpUri>(&parsed)) {
    // What is sent is a URI of the same host again: nothing is read one way and sent another.
    const auto again = ParseHttpUri(uri->text);
    Must(std::holds_alternative<HttpUri>(again) && std::get<HttpUri>(again).origin == uri->origin);
    for (const char c : uri->text) Must(c > ' ' && c < 0x7f);
    Must(!absl::StrContains(RedactUri(uri->text), "canary") || !absl::StrContains(uri->text, "?canary"));
  }
  RedactUri(text);
  const std::string secret = absl::StrCat("https://host/", text, "?canary");
  Must(absl::StrContains(text, "canary") || !absl::StrContains(RedactUri(secret), "canary"));
}

void FuzzAddress(absl::string_view text) {
  if (auto prefix = IpPrefix::Parse(text); prefix.ok()) Must(prefix->Contains(prefix->address));
  const auto policy = AddressPolicy::Create({std::string(text)});
  const auto address = IpAddress::Parse(text);
  if (!address.ok()) return;
  Must(IpAddress::Parse(address->ToString())->bytes == address->bytes);
  if (policy.ok()) Must(policy->WhyRefused("host", *address, 80).empty());  // what is allowed is allowed
}

void FuzzHeaders(absl::string_view text) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  if (const auto wait = ParseRetryAfter(text, now)) Must(*wait >= absl::ZeroDuration());
  if (const auto range = ParseContentRange(text)) Must(range->begin >= 0 && range->end > range->begin);
  ForbiddingRobotsWord({std::string(text)}, "millrace");
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  millrace::FuzzUri(text);
  millrace::FuzzAddress(text);
  millrace::FuzzHeaders(text);
  return 0;
}
