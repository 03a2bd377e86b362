#include "common/dataset/uri.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

// The length of "scheme:" followed by "//", or 0. A Windows-like "c:" or a name with a colon is a path.
size_t SchemeLength(absl::string_view cell) {
  const size_t colon = cell.find("://");
  if (colon == absl::string_view::npos || colon == 0 || !absl::ascii_isalpha(cell[0])) return 0;
  for (char c : cell.substr(0, colon))
    if (!absl::ascii_isalnum(c) && c != '+' && c != '-' && c != '.') return 0;
  return colon;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = absl::ascii_tolower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

absl::StatusOr<std::string> PercentDecode(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = high >= 0 ? HexValue(text[i + 2]) : -1;
    if (low < 0 || (high == 0 && low == 0)) return absl::InvalidArgumentError("a bad %-escape");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> ResolveUri(absl::string_view cell, absl::string_view base) {
  const size_t scheme = SchemeLength(cell);
  if (scheme == 0) {
    if (absl::StartsWith(cell, "/")) return std::string(cell);
    return absl::StrCat(base, absl::EndsWith(base, "/") ? "" : "/", cell);
  }
  if (!absl::EqualsIgnoreCase(cell.substr(0, scheme), "file"))
    return absl::UnimplementedError(
        absl::StrCat("scheme '", cell.substr(0, scheme), "' is not supported by this version"));
  absl::string_view rest = cell.substr(scheme + 3);
  const absl::string_view host = rest.substr(0, rest.find('/'));
  rest.remove_prefix(host.size());
  if (!host.empty() && !absl::EqualsIgnoreCase(host, "localhost"))
    return absl::InvalidArgumentError(absl::StrCat("file URI with the host '", host, "'"));
  if (rest.empty()) return absl::InvalidArgumentError("file URI without a path");
  return PercentDecode(rest);
}

absl::string_view FolderOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

}  // namespace millrace
