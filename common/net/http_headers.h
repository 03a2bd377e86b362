// The headers of answers that we read ourselves. Pure; any bytes may come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace millrace {

// Retry-After (RFC 9110 §10.2.3): seconds, or an HTTP date, of which only what is left after `now` counts. Zero if it
// has passed; nothing for anything else.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now);

// The word of X-Robots-Tag headers that asks us not to use a picture: noai, noimageai, noindex, noimageindex or none,
// for everyone or for `agent` ("millrace: noindex"). Empty if there is none.
std::string ForbiddingRobotsWord(const std::vector<std::string>& headers, absl::string_view agent);

// Content-Range (RFC 9110 §14.4) "bytes 100-199/1000".
struct ContentRange {
  int64_t begin = 0;
  int64_t end = 0;     // behind the last byte
  int64_t total = -1;  // −1: "*"
};
std::optional<ContentRange> ParseContentRange(absl::string_view value);

}  // namespace millrace
