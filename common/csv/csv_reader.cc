#include "common/csv/csv_reader.h"

#include <algorithm>
#include <cstring>

#include "common/base/status_macros.h"

namespace millrace {

CsvReader::CsvReader(ByteSource& source, absl::string_view name, char delimiter)
    : text_(source, name), delimiter_(delimiter), special_(delimiter) {}

CsvReader::Scan CsvReader::Bad(int64_t line, absl::string_view what) {
  (void)text_.Fail(line, what);
  return Scan::kBad;
}

absl::StatusOr<bool> CsvReader::Next(CsvRow& row) {
  MILLRACE_RETURN_IF_ERROR(text_.status());
  if (!started_) {
    started_ = true;
    MILLRACE_RETURN_IF_ERROR(text_.Start());
    special_.Seek(text_.data(), text_.begin(), text_.end());
  }
  for (;;) {
    if (text_.begin() == text_.end() && text_.at_end()) return false;
    const Scan scan = ScanRow(row);
    if (scan == Scan::kBad) return text_.status();
    if (scan == Scan::kNeedMore) {
      MILLRACE_RETURN_IF_ERROR(Refill());
      continue;
    }
    if (!escaped_.empty()) Unescape(row);
    text_.Consume(row_end_, row_lines_);
    const bool blank = cells_ == 1 && row.cells[0].empty() && !row.quoted;
    if (!blank) return true;
  }
}

absl::Status CsvReader::Refill() {
  MILLRACE_RETURN_IF_ERROR(text_.Fill());
  special_.Seek(text_.data(), text_.begin(), text_.end());
  return absl::OkStatus();
}

CsvReader::Scan CsvReader::ScanRow(CsvRow& row) {
  cells_ = 0;
  escaped_.clear();
  row.quoted = row.has_nul = false;
  row.line = text_.line();
  int64_t lines = 0;
  const char* const text = text_.data();
  const size_t end = text_.end();
  for (size_t at = text_.begin();;) {
    if (at < end && text[at] == '"') {
      const Scan scan = ScanQuoted(row, at, lines);
      if (scan != Scan::kRow) return scan;
      special_.SkipTo(std::min(at + 1, end));  // text[at] is looked at here
    } else {
      ScanPlain(row, at);
    }
    if (at == end) return text_.at_end() ? EndRow(row, at, lines) : Scan::kNeedMore;
    const char separator = text[at++];
    if (separator == delimiter_) continue;
    if (separator == '\n') return EndRow(row, at, lines + 1);
    // A carriage return ends a row only before a line feed, or as the file's very last byte.
    if (at == end) return text_.at_end() ? EndRow(row, at, lines + 1) : Scan::kNeedMore;
    if (text[at] != '\n')
      return Bad(text_.line(), "a carriage return without a line feed; save the file with LF or CRLF line ends");
    special_.SkipTo(++at);
    return EndRow(row, at, lines + 1);
  }
}

// Unquoted cells, up to what ends the row, is followed by a quote, or is out of the buffer: there `at` stops, behind
// the cell that was added last. Works on copies of members: they stay in registers.
void CsvReader::ScanPlain(CsvRow& row, size_t& at) {
  SpecialBytesCursor special = special_;
  const char* const text = text_.data();
  const size_t end = text_.end();
  const char delimiter = delimiter_;
  size_t cells = cells_;
  for (size_t cell = at;; cell = at + 1) {
    at = special.Next();
    for (; at < end && text[at] == '\0'; at = special.Next()) row.has_nul = true;
    if (cells == row.cells.size()) row.cells.emplace_back();
    row.cells[cells++] = absl::string_view(text + cell, at - cell);
    if (at + 1 >= end || text[at] != delimiter || text[at + 1] == '"') break;
  }
  cells_ = cells;
  special_ = special;
}

CsvReader::Scan CsvReader::ScanQuoted(CsvRow& row, size_t& at, int64_t& lines) {
  const char* const text = text_.data();
  const size_t end = text_.end();
  const int64_t opened = text_.line() + lines;
  const size_t begin = at + 1;
  bool escaped = false;
  for (size_t from = begin;;) {
    const auto* quote = static_cast<const char*>(std::memchr(text + from, '"', end - from));
    at = quote == nullptr ? end : static_cast<size_t>(quote - text);
    lines += std::count(text + from, text + at, '\n');
    if (at == end) return text_.at_end() ? Bad(opened, "a quote that is opened here is never closed") : Scan::kNeedMore;
    if (at + 1 == end && !text_.at_end()) return Scan::kNeedMore;  // is the quote doubled?
    if (at + 1 == end || text[at + 1] != '"') break;
    escaped = true;
    from = at + 2;
  }
  row.quoted = true;
  if (escaped) escaped_.push_back(cells_);
  AddCell(row, begin, at);
  row.has_nul |= std::memchr(text + begin, '\0', at - begin) != nullptr;
  ++at;
  const bool ends = at == end || text[at] == delimiter_ || text[at] == '\n' || text[at] == '\r';
  if (ends) return Scan::kRow;
  return Bad(text_.line() + lines, "text behind a closing quote; a quote inside a cell is written twice (\"\")");
}

void CsvReader::AddCell(CsvRow& row, size_t begin, size_t end) {
  if (cells_ == row.cells.size()) row.cells.emplace_back();
  row.cells[cells_++] = absl::string_view(text_.data() + begin, end - begin);
}

CsvReader::Scan CsvReader::EndRow(CsvRow& row, size_t next, int64_t lines) {
  if (next - text_.begin() > TextBuffer::kMaxRowBytes) {
    (void)text_.FailTooLong();
    return Scan::kBad;
  }
  if (row.cells.size() != cells_) row.cells.resize(cells_);
  row_end_ = next;
  row_lines_ = lines;
  return Scan::kRow;
}

// Doubled quotes are undone in the buffer itself, now that the row will not be scanned again.
void CsvReader::Unescape(CsvRow& row) {
  for (size_t i : escaped_) {
    char* const text = text_.data() + (row.cells[i].data() - text_.data());
    size_t out = 0;
    for (size_t in = 0; in < row.cells[i].size(); ++in) {
      text[out++] = text[in];
      if (text[in] == '"') ++in;
    }
    row.cells[i] = absl::string_view(text, out);
  }
}

}  // namespace millrace
