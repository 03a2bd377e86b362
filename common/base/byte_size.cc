#include "common/base/byte_size.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace millrace {
namespace {

constexpr std::pair<absl::string_view, double> kUnits[] = {
    {"kib", 0x1p10}, {"mib", 0x1p20}, {"gib", 0x1p30}, {"tib", 0x1p40}, {"kb", 1e3},   {"mb", 1e6},
    {"gb", 1e9},     {"tb", 1e12},    {"k", 0x1p10},   {"m", 0x1p20},   {"g", 0x1p30}, {"b", 1},
};

}  // namespace

absl::StatusOr<int64_t> ParseByteSize(absl::string_view text) {
  const std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(text));
  absl::string_view number = lower;
  double factor = 1;
  for (const auto& [suffix, value] : kUnits) {
    if (number.size() > suffix.size() && number.substr(number.size() - suffix.size()) == suffix) {
      number = absl::StripAsciiWhitespace(number.substr(0, number.size() - suffix.size()));
      factor = value;
      break;
    }
  }
  double value = 0;
  const bool plain = number.find_first_not_of("0123456789.") == absl::string_view::npos;
  if (!plain || !absl::SimpleAtod(number, &value) || value * factor >= 0x1p62)
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a size; write for example 128MiB, 1.5GB or 4096"));
  return static_cast<int64_t>(std::llround(value * factor));
}

std::string FormatByteSize(int64_t bytes) {
  double value = static_cast<double>(bytes);
  absl::string_view unit = "B";
  for (absl::string_view next : {"kB", "MB", "GB", "TB"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return unit == "B" ? absl::StrCat(bytes, " B") : absl::StrFormat("%.1f %s", value, unit);
}

std::string WithThousands(int64_t number) {
  std::string digits = absl::StrCat(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

}  // namespace millrace
