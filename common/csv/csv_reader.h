// A streaming reader of CSV as people really write it: RFC 4180 with quotes, embedded commas and line breaks, CRLF or
// LF, a UTF-8 byte order mark, a last line without a line break. Empty lines are skipped.
//
//   CsvReader reader(&source, "images.csv");
//   for (;;) {
//     MILLRACE_ASSIGN_OR_RETURN(bool more, reader.Next());
//     if (!more) break;
//     ... reader.fields(), reader.row(), reader.line(), reader.problem()
//   }
//
// How: the bytes that can end a field (, " CR LF NUL) are found 64 at a time as a bit mask, and only those are looked
// at. A row that reaches the end of the buffer is parsed again from its start once there is more; the buffer at least
// doubles what it holds of such a row, so that this stays linear. Fields are views into the buffer, quoted ones with ""
// are unescaped in place: no allocation a row. docs/row_log.md has the measured speed.
//
// One owner, one thread. Memory: the buffer, at most about twice the longest row allowed. Errors are final and stick:
// INVALID_ARGUMENT "images.csv:1042: row 1041: …" with what was found and what to do; errors of the source as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/io/byte_stream.h"

namespace millrace {

// What is wrong with one row, while the rows around it can be read.
enum class RowProblem {
  kNone,
  kRagged,  // another number of fields than the header
  kNul,     // a NUL byte: no path, no label and no C string holds one
};

struct CsvReaderOptions {
  size_t max_row_bytes = size_t{1} << 20;   // without its line break; a longer row means an unclosed quote
  size_t buffer_bytes = size_t{256} << 10;  // to begin with; tests make it tiny
};

class CsvReader {
 public:
  // Borrows `source`. `name` is what errors call the file.
  CsvReader(ByteSource* source, absl::string_view name, CsvReaderOptions options = {});
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  // Reads the next row; false at the end.
  absl::StatusOr<bool> Next();

  // The row just read was the header: the next one is row 1 and must have as many fields.
  void UseAsHeader();
  // Rows with another number of fields are ragged; 0: any number is right.
  void ExpectFields(size_t count) { expected_fields_ = count; }

  // Of the row just read; valid until the next call of Next.
  absl::Span<const absl::string_view> fields() const { return fields_; }
  int64_t row() const { return row_; }    // from 1, the header does not count
  int64_t line() const { return line_; }  // line on which the row starts, from 1
  RowProblem problem() const;

  int64_t bytes_read() const { return consumed_; }  // of the (inflated) stream, up to the end of this row

 private:
  enum class Parsed { kRow, kBlank, kNeedMore, kEnd, kFailed };

  Parsed ParseRow();
  Parsed ParseQuoted(const char* open, const char** next);
  Parsed EndRow(const char* end, const char* next);
  Parsed Fail(const char* at, absl::string_view what);
  absl::Status Start();
  absl::Status FillBuffer();
  absl::Status MoreBytes();
  absl::Status RowTooLong() const;
  std::string Where(int64_t line) const;
  bool IsTooLong(const char* at) const;
  void UnescapeFields();

  const char* NextSpecial();
  void SeekSpecials(const char* position);

  ByteSource* const source_;
  const std::string name_;
  const CsvReaderOptions options_;

  std::vector<char> buffer_;  // with 64 bytes of slack behind the capacity
  size_t capacity_;
  const char* position_ = nullptr;  // start of the row being read
  const char* end_ = nullptr;       // of the bytes in the buffer
  bool source_ended_ = false;
  bool started_ = false;

  const char* block_ = nullptr;  // the 64 bytes whose specials are in mask_
  uint64_t mask_ = 0;            // those not yet looked at

  std::vector<absl::string_view> fields_;
  std::vector<size_t> escaped_;  // fields that hold ""
  size_t expected_fields_ = 0;
  int64_t row_ = 0;
  int64_t line_ = 0;
  int64_t next_line_ = 1;
  int64_t quote_line_ = 0;    // where the quote that is open was opened; 0: none
  int64_t lines_in_row_ = 0;  // line breaks passed in the row being read
  int64_t consumed_ = 0;
  bool has_nul_ = false;
  absl::Status status_;
};

}  // namespace millrace
