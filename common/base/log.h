// Structured logs of the daemons: one line an event, on stderr, as text or as JSON (escaped here: spdlog's pattern is
// not). Thread-safe. Fields are what an operator filters by: job, shard, worker. Values may be users' words: they are
// escaped.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace millrace {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

using LogField = std::pair<absl::string_view, std::string>;

// Call once at the start of main. Before it, warnings and errors are written as text.
void InitLog(LogLevel minimum, LogFormat format);

// Writes one line: time, level, message, then the fields as key=value (text) or as members (JSON).
void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields = {});

// `text` with quotes, backslashes, control characters and invalid UTF-8 made safe inside a JSON string (no quotes
// added).
std::string JsonEscape(absl::string_view text);

// `text` with every byte that is not UTF-8 replaced by U+FFFD, else unchanged: what may go into a proto3 `string`. (One
// that holds anything else is refused by whoever parses the message: a call that never arrives, a journal that cannot
// be read.)
std::string ValidUtf8(absl::string_view text);

}  // namespace millrace
