#include "common/input/line_reader.h"

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"

namespace millrace {

absl::StatusOr<bool> LineReader::Next(absl::string_view& line) {
  MILLRACE_RETURN_IF_ERROR(text_.status());
  if (!started_) {
    started_ = true;
    MILLRACE_RETURN_IF_ERROR(text_.Start());
  }
  for (;;) {
    const size_t begin = text_.begin(), room = text_.end() - begin;
    const auto* feed = static_cast<const char*>(std::memchr(text_.data() + begin, '\n', room));
    if (feed == nullptr && !text_.at_end()) {
      MILLRACE_RETURN_IF_ERROR(text_.Fill());
      continue;
    }
    if (feed == nullptr && room == 0) return false;
    const size_t end = feed == nullptr ? text_.end() : static_cast<size_t>(feed - text_.data());
    if (end - begin > TextBuffer::kMaxRowBytes) return text_.FailTooLong();
    line_ = text_.line();
    line = absl::StripSuffix(absl::string_view(text_.data() + begin, end - begin), "\r");
    text_.Consume(feed == nullptr ? end : end + 1, 1);
    if (!absl::StripAsciiWhitespace(line).empty()) return true;
  }
}

}  // namespace millrace
