// The lines of a text file: LF or CRLF, the last one with or without. One thread. Memory: TextBuffer's.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/csv/text_buffer.h"

namespace millrace {

class LineReader {
 public:
  // Borrows `source`; `name` is for error texts.
  LineReader(ByteSource& source, absl::string_view name) : text_(source, name) {}

  // The next line that is not blank, without its line break; false at the end. It lives until the next call. Errors as
  // TextBuffer's; they stick.
  absl::StatusOr<bool> Next(absl::string_view& line);
  int64_t line() const { return line_; }  // number of the line returned last, from 1
  absl::Status Fail(absl::string_view what) { return text_.Fail(line_, what); }

 private:
  TextBuffer text_;
  int64_t line_ = 1;
  bool started_ = false;
};

}  // namespace millrace
