// Streaming RFC 4180 reader: quotes, commas and line breaks inside quotes, LF and CRLF, UTF-8 BOM, last line without a
// line feed; blank lines are skipped. A quote inside an unquoted cell is an ordinary character, as everywhere. With a
// tab as delimiter it reads TSV as spreadsheets and pandas write it: with the same quotes.
//
// Memory: TextBuffer's; nothing is allocated a row. One thread.
//
//   CsvReader reader(source, "images.csv");
//   for (CsvRow row;;) { ASSIGN_OR_RETURN(bool more, reader.Next(row)); if (!more) break; … }
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/csv/special_bytes.h"
#include "common/csv/text_buffer.h"

namespace millrace {

struct CsvRow {
  std::vector<absl::string_view> cells;  // live until the next call of Next
  int64_t line = 0;                      // line on which the row starts, from 1
  bool has_nul = false;                  // some byte is NUL
  bool quoted = false;                   // some cell is quoted: only then a cell may hold a delimiter or a line break
};

class CsvReader {
 public:
  // Borrows `source`; `name` is for error texts.
  CsvReader(ByteSource& source, absl::string_view name, char delimiter = ',');

  // The next row; false at the end. INVALID_ARGUMENT "name:line: …" for what no row can be made of: an unclosed quote,
  // text behind a closing quote, a row above the limit, bare CR line ends, and what TextBuffer refuses. Errors of the
  // source as they are. Sticks.
  absl::StatusOr<bool> Next(CsvRow& row);

 private:
  enum class Scan { kRow, kNeedMore, kBad };

  Scan ScanRow(CsvRow& row);
  void ScanPlain(CsvRow& row, size_t& at);
  Scan ScanQuoted(CsvRow& row, size_t& at, int64_t& lines);
  Scan EndRow(CsvRow& row, size_t next, int64_t lines);
  void AddCell(CsvRow& row, size_t begin, size_t end);
  absl::Status Refill();
  void Unescape(CsvRow& row);
  Scan Bad(int64_t line, absl::string_view what);

  TextBuffer text_;
  const char delimiter_;
  SpecialBytesCursor special_;
  bool started_ = false;
  // Of the current row:
  size_t cells_ = 0;  // row.cells may hold more, of the row before
  size_t row_end_ = 0;
  int64_t row_lines_ = 0;
  std::vector<size_t> escaped_;  // its cells with doubled quotes
};

}  // namespace millrace
