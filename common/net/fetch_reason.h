// Why an http(s) URI could not be fetched: a closed list of words, the same in dead letters, metrics and error texts.
// Their meanings for people stand with those of all other rows in common/dataset/reasons.h.
#pragma once

#include <array>

#include "absl/strings/string_view.h"

namespace millrace {

// Indexes of kFetchReasonWords.
enum class FetchReason {
  kUri,
  kScheme,
  kRefused,
  kRobots,
  kDns,
  kConnect,
  kTls,
  kTimeout,
  kTooSlow,
  kTooLarge,
  kShortBody,
  kEmpty,
  kRedirects,
  k401,
  k403,
  k404,
  k410,
  k429,
  k4xx,
  k5xx,
  kStatus,
};

inline constexpr std::array<absl::string_view, 21> kFetchReasonWords = {
    "http/uri",       "http/scheme",  "http/refused",  "http/robots",    "http/dns",        "http/connect",
    "http/tls",       "http/timeout", "http/too_slow", "http/too_large", "http/short_body", "http/empty",
    "http/redirects", "http/401",     "http/403",      "http/404",       "http/410",        "http/429",
    "http/4xx",       "http/5xx",     "http/status"};

constexpr absl::string_view WordOf(FetchReason reason) { return kFetchReasonWords[static_cast<size_t>(reason)]; }

}  // namespace millrace
