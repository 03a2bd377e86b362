// Streaming RFC 4180 reader: quotes, commas and line breaks inside quotes, LF and CRLF, UTF-8 BOM, last line without a
// line feed; blank lines are skipped. A quote inside an unquoted cell is an ordinary character, as everywhere.
//
// Memory: one buffer that grows to the longest row (at most 1 MiB, kMaxRowBytes); nothing is allocated a row. One
// thread.
//
//   CsvReader reader(source, "images.csv");
//   for (CsvRow row;;) { ASSIGN_OR_RETURN(bool more, reader.Next(row)); if (!more) break; … }
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/io/byte_stream.h"

namespace millrace {

struct CsvRow {
  std::vector<absl::string_view> cells;  // live until the next call of Next
  int64_t line = 0;                      // line on which the row starts, from 1
  bool has_nul = false;                  // some byte is NUL
};

class CsvReader {
 public:
  static constexpr size_t kMaxRowBytes = 1 << 20;

  // Borrows `source`; `name` is for error texts.
  CsvReader(ByteSource& source, absl::string_view name);

  // The next row; false at the end. INVALID_ARGUMENT "name:line: …" for what no row can be made of: an unclosed quote,
  // text behind a closing quote, a row above the limit, bare CR line ends, UTF-16. Errors of the source as they are.
  // Sticks.
  absl::StatusOr<bool> Next(CsvRow& row);

 private:
  enum class Scan { kRow, kNeedMore, kBad };

  absl::Status Fill();
  absl::Status CheckStart();
  Scan ScanRow(CsvRow& row);
  Scan ScanQuoted(CsvRow& row, size_t& at, int64_t& lines);
  Scan EndRow(size_t next, int64_t lines);
  void Unescape(CsvRow& row);
  absl::Status Error(int64_t line, absl::string_view what);
  Scan Bad(int64_t line, absl::string_view what);

  ByteSource& source_;
  const std::string name_;
  std::string buffer_;
  size_t begin_ = 0;  // of the current row
  size_t end_ = 0;    // of the bytes read
  size_t row_end_ = 0;
  bool at_end_ = false;  // the source has no more
  bool started_ = false;
  int64_t line_ = 1;             // of begin_
  int64_t row_lines_ = 0;        // line feeds of the current row
  bool any_quoted_ = false;      // of the current row
  std::vector<size_t> escaped_;  // its cells with doubled quotes
  absl::Status status_;
};

}  // namespace millrace
