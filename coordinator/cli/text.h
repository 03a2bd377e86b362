// Words, numbers and tables for people. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace millrace::cli {

// What users wrote, safe to show on a terminal: control characters and invalid UTF-8 become visible. Text that is safe
// already stays as it is.
std::string Printable(absl::string_view text);

// "1 row", "1,399 rows".
std::string Count(int64_t number, absl::string_view noun);

// "0:07", "12:30", "1:02:03"; negative reads as 0.
std::string ClockTime(absl::Duration duration);
// "0.8 s", "42.5 s", then as ClockTime.
std::string Elapsed(absl::Duration duration);

// An absolute path as seen from `folder`, where that is shorter: below it, or in a parent of it ("../x.csv").
std::string ShortPath(absl::string_view path, absl::string_view folder);
// The same for every path in a sentence that lies below `folder`.
std::string ShortenPathsIn(absl::string_view sentence, absl::string_view folder);

// Absolute, without "." and "..", "//" and a trailing slash. Links are not followed.
std::string AbsolutePath(absl::string_view path, absl::string_view folder);

// Columns aligned, two spaces between them. The first row is the heading; one that begins with ">" aligns its column to
// the right.
std::string Table(const std::vector<std::vector<std::string>>& rows);
// "key    value" lines, values aligned. Pairs without a value are left out.
std::string Facts(const std::vector<std::pair<std::string, std::string>>& facts);

}  // namespace millrace::cli
