#include "coordinator/cli/text.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"

namespace millrace::cli {
namespace {

// Columns on a terminal: UTF-8 continuation bytes take none.
size_t Width(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Padded(absl::string_view text, size_t width, bool right) {
  const std::string space(width - std::min(width, Width(text)), ' ');
  return right ? absl::StrCat(space, text) : absl::StrCat(text, space);
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string shown =
      absl::StrReplaceAll(JsonEscape(text), {{"\\\\", "\\"}, {"\\\"", "\""}, {"\\ufffd", "\xef\xbf\xbd"}});
  // C1 controls are valid UTF-8, and some terminals obey them.
  std::string safe;
  for (size_t i = 0; i < shown.size(); ++i) {
    const bool c1 = shown[i] == '\xc2' && i + 1 < shown.size() && static_cast<unsigned char>(shown[i + 1]) < 0xa0;
    if (c1) {
      absl::StrAppendFormat(&safe, "\\u%04x", static_cast<unsigned char>(shown[++i]));
    } else {
      safe += shown[i];
    }
  }
  return safe;
}

std::string Count(int64_t number, absl::string_view noun) {
  return absl::StrCat(WithThousands(number), " ", noun, number == 1 ? "" : "s");
}

std::string ClockTime(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration + absl::Milliseconds(500)));
  if (seconds < 3600) return absl::StrFormat("%d:%02d", seconds / 60, seconds % 60);
  return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string Elapsed(absl::Duration duration) {
  if (duration < absl::Minutes(1)) return absl::StrFormat("%.1f s", absl::ToDoubleSeconds(duration));
  return ClockTime(duration);
}

std::string AbsolutePath(absl::string_view path, absl::string_view folder) {
  const std::filesystem::path joined = std::filesystem::path(std::string(folder)) / std::string(path);
  std::string normal = joined.lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

std::string ShortPath(absl::string_view path, absl::string_view folder) {
  if (path.empty() || path[0] != '/' || folder.empty()) return std::string(path);
  const std::string relative =
      std::filesystem::path(std::string(path)).lexically_relative(std::string(folder)).string();
  return relative.empty() || relative.size() >= path.size() ? std::string(path) : relative;
}

std::string ShortenPathsIn(absl::string_view sentence, absl::string_view folder) {
  if (folder.size() < 2) return std::string(sentence);
  const std::string prefix = absl::StrCat(folder, "/");
  std::string out;
  while (true) {
    const size_t at = sentence.find(prefix);
    if (at == absl::string_view::npos) break;
    // Only where a path begins: "/data" inside "/mnt/data/x" is another folder.
    const bool begins = at == 0 || absl::StrContains(" \"'(=", sentence.substr(at - 1, 1));
    absl::StrAppend(&out, sentence.substr(0, at), begins ? "" : prefix);
    sentence.remove_prefix(at + prefix.size());
  }
  return absl::StrCat(out, sentence);
}

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return "";
  const size_t columns = rows[0].size();
  std::vector<size_t> widths(columns, 0);
  std::vector<bool> right(columns);
  std::vector<absl::string_view> headings(rows[0].begin(), rows[0].end());
  for (size_t c = 0; c < columns; ++c) {
    right[c] = absl::ConsumePrefix(&headings[c], ">");
    widths[c] = Width(headings[c]);
    for (size_t r = 1; r < rows.size(); ++r) widths[c] = std::max(widths[c], Width(rows[r][c]));
  }
  std::string out;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (size_t c = 0; c < columns; ++c)
      absl::StrAppend(&line, c == 0 ? "" : "  ", Padded(r == 0 ? headings[c] : rows[r][c], widths[c], right[c]));
    absl::StrAppend(&out, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  return out;
}

std::string Facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  size_t width = 0;
  for (const auto& [key, value] : facts) width = std::max(width, value.empty() ? 0 : Width(key));
  std::string out;
  for (const auto& [key, value] : facts)
    if (!value.empty()) absl::StrAppend(&out, Padded(key, width, false), "  ", value, "\n");
  return out;
}

}  // namespace millrace::cli
