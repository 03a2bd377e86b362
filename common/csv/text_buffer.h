// The bytes of a text file in one buffer, filled from behind while rows are taken from the front: what the readers of
// rows stand on.
//
// Memory: 256 KiB, or twice the longest row (at most 1 MiB, kMaxRowBytes). One thread. Errors stick.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/io/byte_stream.h"

namespace millrace {

class TextBuffer {
 public:
  static constexpr size_t kMaxRowBytes = 1 << 20;
  static constexpr size_t kPadding = 64;  // bytes behind end() that may be read, with any content

  // Borrows `source`; `name` is for error texts.
  TextBuffer(ByteSource& source, absl::string_view name);

  // Call first. Skips the BOM. INVALID_ARGUMENT "name:1: …" for what is no text by its first bytes: UTF-16, an Excel
  // workbook, a picture, …
  absl::Status Start();
  // Moves the unfinished row [begin, end) to the front and fills the buffer behind it: every earlier position is void.
  // INVALID_ARGUMENT when the row is above the limit; errors of the source as they are.
  absl::Status Fill();
  // The row at begin() ends before `next`, and has `lines` line feeds.
  void Consume(size_t next, int64_t lines) {
    begin_ = next;
    line_ += lines;
  }
  // Sets the error that sticks: "name:line: what".
  absl::Status Fail(int64_t line, absl::string_view what);
  // Of a row above kMaxRowBytes that starts at begin().
  absl::Status FailTooLong();

  char* data() { return buffer_.data(); }
  size_t begin() const { return begin_; }
  size_t end() const { return end_; }
  bool at_end() const { return at_end_; }  // the source has no more
  int64_t line() const { return line_; }   // of begin(), from 1
  const absl::Status& status() const { return status_; }

 private:
  ByteSource& source_;
  const std::string name_;
  std::string buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool at_end_ = false;
  int64_t line_ = 1;
  absl::Status status_;
};

}  // namespace millrace
