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
    const bool blank = row.cells.size() == 1 && row.cells[0].empty() && !any_quoted_;
    if (!escaped_.empty()) Unescape(row);
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
  row.cells.clear();
  escaped_.clear();
  any_quoted_ = row.has_nul = false;
  row.line = line_;
  int64_t lines = 0;
  const char* const text = buffer_.data();
  for (size_t at = begin_;;) {
    if (at < end_ && text[at] == '"') {
      const Scan scan = ScanQuoted(row, at, lines);
      if (scan != Scan::kRow) return scan;
    } else {
      const size_t cell = at;
      at = NextSpecial(text, at, end_);
      for (; at < end_ && text[at] == '\0'; at = NextSpecial(text, at + 1, end_)) row.has_nul = true;
      row.cells.emplace_back(text + cell, at - cell);
    }
    if (at == end_) return at_end_ ? EndRow(at, lines) : Scan::kNeedMore;
    const char separator = text[at++];
    if (separator == ',') continue;
    if (separator == '\n') return EndRow(at, lines + 1);
    // A carriage return ends a row only before a line feed, or as the file's very last byte.
    if (at == end_) return at_end_ ? EndRow(at, lines + 1) : Scan::kNeedMore;
    if (text[at] != '\n')
      return Bad(line_, "a carriage return without a line feed; save the file with LF or CRLF line ends");
    return EndRow(at + 1, lines + 1);
  }
}

CsvReader::Scan CsvReader::ScanQuoted(CsvRow& row, size_t& at, int64_t& lines) {
  const char* const text = buffer_.data();
  const int64_t opened = line_ + lines;
  const size_t begin = at + 1;
  bool escaped = false;
  for (size_t from = begin;;) {
    const auto* quote = static_cast<const char*>(std::memchr(text + from, '"', end_ - from));
    at = quote == nullptr ? end_ : static_cast<size_t>(quote - text);
    lines += std::count(text + from, text + at, '\n');
    if (at == end_) return at_end_ ? Bad(opened, "a quote that is opened here is never closed") : Scan::kNeedMore;
    if (at + 1 == end_ && !at_end_) return Scan::kNeedMore;  // is the quote doubled?
    if (at + 1 == end_ || text[at + 1] != '"') break;
    escaped = true;
    from = at + 2;
  }
  any_quoted_ = true;
  if (escaped) escaped_.push_back(row.cells.size());
  row.cells.emplace_back(text + begin, at - begin);
  row.has_nul |= std::memchr(text + begin, '\0', at - begin) != nullptr;
  ++at;
  const bool ends = at == end_ || text[at] == ',' || text[at] == '\n' || text[at] == '\r';
  if (ends) return Scan::kRow;
  return Bad(line_ + lines, "text behind a closing quote; a quote inside a cell is written twice (\"\")");
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
void CsvReader::Unescape(CsvRow& row) {
  for (size_t i : escaped_) {
    char* const text = buffer_.data() + (row.cells[i].data() - buffer_.data());
    size_t out = 0;
    for (size_t in = 0; in < row.cells[i].size(); ++in) {
      text[out++] = text[in];
      if (text[in] == '"') ++in;
    }
    row.cells[i] = absl::string_view(text, out);
  }
}

}  // namespace millrace
