#include "common/net/http_headers.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace millrace {
namespace {

std::optional<int64_t> ParseNumber(absl::string_view text) {
  int64_t number = 0;
  if (text.empty() || !std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) return std::nullopt;
  if (!absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

bool IsForbidding(absl::string_view word) {
  for (absl::string_view forbidding : {"noai", "noimageai", "noindex", "noimageindex", "none"})
    if (absl::EqualsIgnoreCase(word, forbidding)) return true;
  return false;
}

// Words of the header that are followed by a colon and a value, and so are no name of an agent.
bool HasValue(absl::string_view word) {
  for (absl::string_view known : {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
    if (absl::EqualsIgnoreCase(word, known)) return true;
  return false;
}

}  // namespace

std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now) {
  value = absl::StripAsciiWhitespace(value);
  if (const auto seconds = ParseNumber(value)) return absl::Seconds(*seconds);
  absl::Time date;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", value, &date, &error)) return std::nullopt;
  return std::max(absl::ZeroDuration(), date - now);
}

std::string ForbiddingRobotsWord(const std::vector<std::string>& headers, absl::string_view agent) {
  for (const std::string& header : headers) {
    bool for_us = true;  // until a name says otherwise; a name counts until the next one
    for (absl::string_view word : absl::StrSplit(header, ',')) {
      word = absl::StripAsciiWhitespace(word);
      const size_t colon = word.find(':');
      const absl::string_view name = absl::StripAsciiWhitespace(word.substr(0, colon));
      if (colon != absl::string_view::npos && !HasValue(name)) {
        for_us = absl::EqualsIgnoreCase(name, agent) || name == "*";
        word = absl::StripAsciiWhitespace(word.substr(colon + 1));
      }
      if (for_us && IsForbidding(word)) return absl::AsciiStrToLower(word);
    }
  }
  return "";
}

std::optional<ContentRange> ParseContentRange(absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  if (!absl::ConsumePrefix(&value, "bytes ")) return std::nullopt;
  const std::vector<absl::string_view> parts = absl::StrSplit(value, absl::MaxSplits(absl::ByAnyChar("-/"), 2));
  if (parts.size() != 3) return std::nullopt;
  const auto begin = ParseNumber(parts[0]);
  const auto last = ParseNumber(parts[1]);
  const auto total = parts[2] == "*" ? -1 : ParseNumber(parts[2]);
  if (!begin || !last || !total || *last < *begin || *last == INT64_MAX) return std::nullopt;
  if (*total >= 0 && *last >= *total) return std::nullopt;
  return ContentRange{*begin, *last + 1, *total};
}

}  // namespace millrace
