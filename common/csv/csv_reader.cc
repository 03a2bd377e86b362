#include "common/csv/csv_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/csv/special_bytes.h"

namespace millrace {
namespace {

constexpr size_t kFirstBuffer = 256 << 10;

bool LooksLikeUtf16(absl::string_view start) {
  if (absl::StartsWith(start, "\xff\xfe") || absl::StartsWith(start, "\xfe\xff")) return true;
  const absl::string_view head = start.substr(0, 64);
  const auto nuls = static_cast<size_t>(std::count(head.begin(), head.end(), '\0'));
  return head.size() >= 8 && nuls * 5 >= head.size() * 2;  // ASCII text in UTF-16 is half NUL
}

}  // namespace

CsvReader::CsvReader(ByteSource& source, absl::string_view name) : source_(source), name_(name) {
  buffer_.resize(kFirstBuffer);
}

absl::Status CsvReader::Error(int64_t line, absl::string_view what) {
  return status_ = absl::InvalidArgumentError(absl::StrCat(name_, ":", line, ": ", what));
}

CsvReader::Scan CsvReader::Bad(int64_t line, absl::string_view what) {
  (void)Error(line, what);
  return Scan::kBad;
}

absl::StatusOr<bool> CsvReader::Next(CsvRow& row) {
  MILLRACE_RETURN_IF_ERROR(status_);
  if (!started_) MILLRACE_RETURN_IF_ERROR(CheckStart());
  for (;;) {
    if (begin_ == end_ && at_end_) return false;
    const Scan scan = ScanRow(row);
    if (scan == Scan::kBad) return status_;
    if (scan == Scan::kNeedMore) {
      MILLRACE_RETURN_IF_ERROR(Fill());
      continue;
    }
    const bool blank = cells_.size() == 1 && cells_[0].begin == cells_[0].end && !cells_[0].quoted;
    if (!blank) Publish(row);
    begin_ = row_end_;
    line_ += row_lines_;
    if (!blank) return true;
  }
}

// Reads what tells a text file from something else, and skips the BOM.
absl::Status CsvReader::CheckStart() {
  started_ = true;
  while (end_ < 64 && !at_end_) MILLRACE_RETURN_IF_ERROR(Fill());
  const absl::string_view start(buffer_.data(), end_);
  if (LooksLikeUtf16(start)) return Error(1, "the file is UTF-16; save it as UTF-8");
  if (absl::StartsWith(start, "\xef\xbb\xbf")) begin_ = 3;
  return absl::OkStatus();
}

// Moves the unfinished row to the front and reads behind it.
absl::Status CsvReader::Fill() {
  if (end_ - begin_ > kMaxRowBytes)
    return Error(line_, absl::StrCat("a row longer than ", kMaxRowBytes >> 20,
                                     " MiB starts here; is a quote not closed, or is this not a CSV?"));
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ * 2 > buffer_.size()) buffer_.resize(buffer_.size() * 2);
  absl::StatusOr<size_t> read = source_.Read(buffer_.data() + end_, buffer_.size() - end_);
  if (!read.ok()) return status_ = read.status();
  at_end_ = *read == 0;
  end_ += *read;
  return absl::OkStatus();
}

CsvReader::Scan CsvReader::ScanRow(CsvRow& row) {
  cells_.clear();
  row.has_nul = false;
  row.line = line_;
  int64_t lines = 0;
  for (size_t at = begin_;;) {
    Cell cell{at, at, false, false};
    if (at < end_ && buffer_[at] == '"') {
      const Scan scan = ScanQuoted(at, cell, lines);
      if (scan != Scan::kRow) return scan;
    } else {
      at = NextSpecial(buffer_.data(), at, end_);
      for (; at < end_ && buffer_[at] == '\0'; at = NextSpecial(buffer_.data(), at + 1, end_)) row.has_nul = true;
      cell.end = at;
    }
    if (at == end_ && !at_end_) return Scan::kNeedMore;
    cells_.push_back(cell);
    if (at == end_) return EndRow(at, lines);
    const char separator = buffer_[at++];
    if (separator == ',') continue;
    if (separator == '\n') return EndRow(at, lines + 1);
    // A carriage return ends a row only before a line feed, or as the file's very last byte.
    if (at == end_) return at_end_ ? EndRow(at, lines + 1) : Scan::kNeedMore;
    if (buffer_[at] != '\n')
      return Bad(line_, "a carriage return without a line feed; save the file with LF or CRLF line ends");
    return EndRow(at + 1, lines + 1);
  }
}

CsvReader::Scan CsvReader::ScanQuoted(size_t& at, Cell& cell, int64_t& lines) {
  const int64_t opened = line_ + lines;
  cell.begin = at + 1;
  cell.quoted = true;
  for (size_t from = cell.begin;;) {
    const auto* quote = static_cast<const char*>(std::memchr(buffer_.data() + from, '"', end_ - from));
    const size_t found = quote == nullptr ? end_ : static_cast<size_t>(quote - buffer_.data());
    lines += std::count(buffer_.data() + from, buffer_.data() + found, '\n');
    if (found == end_) return at_end_ ? Bad(opened, "a quote that is opened here is never closed") : Scan::kNeedMore;
    if (found + 1 == end_ && !at_end_) return Scan::kNeedMore;  // is the quote doubled?
    if (found + 1 < end_ && buffer_[found + 1] == '"') {
      cell.escaped = true;
      from = found + 2;
      continue;
    }
    cell.end = found;
    at = found + 1;
    break;
  }
  const bool ends = at == end_ || buffer_[at] == ',' || buffer_[at] == '\n' || buffer_[at] == '\r';
  return ends ? Scan::kRow
              : Bad(line_ + lines, "text behind a closing quote; a quote inside a cell is written twice (\"\")");
}

CsvReader::Scan CsvReader::EndRow(size_t next, int64_t lines) {
  if (next - begin_ > kMaxRowBytes)
    return Bad(line_,
               absl::StrCat("a row longer than ", kMaxRowBytes >> 20, " MiB starts here; is a quote not closed?"));
  row_end_ = next;
  row_lines_ = lines;
  return Scan::kRow;
}

// Doubled quotes are undone in the buffer itself, now that the row will not be scanned again.
void CsvReader::Publish(CsvRow& row) {
  row.cells.clear();
  for (Cell& cell : cells_) {
    char* text = buffer_.data() + cell.begin;
    size_t size = cell.end - cell.begin;
    if (cell.escaped) {
      size_t out = 0;
      for (size_t in = 0; in < size; ++in) {
        text[out++] = text[in];
        if (text[in] == '"') ++in;
      }
      size = out;
    }
    if (cell.quoted) row.has_nul |= std::memchr(text, 0, size) != nullptr;  // unquoted ones were looked at by the scan
    row.cells.emplace_back(text, size);
  }
}

}  // namespace millrace
