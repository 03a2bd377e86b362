#include "common/csv/text_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

constexpr size_t kFirstBuffer = 256 << 10;
constexpr size_t kHead = 64;  // bytes that tell a text from something else

// First bytes of what users take for a CSV. Gzip is not here: it is inflated before.
constexpr std::pair<absl::string_view, absl::string_view> kNotText[] = {
    {"PK\x03\x04", "an Excel workbook or a ZIP archive; save the sheet as CSV (UTF-8), or unpack the archive"},
    {"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV (UTF-8)"},
    {"PAR1", "a Parquet file; write the table as CSV"},
    {"SQLite format 3", "an SQLite database; export the table as CSV"},
    {"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it, or compress it with gzip"},
    {"\xfd\x37zXZ", "compressed with xz; unpack it, or compress it with gzip"},
    {"BZh", "compressed with bzip2; unpack it, or compress it with gzip"},
    {"\x1f\x8b", "compressed with gzip twice; unpack it once"},
    {"\xff\xd8\xff", "a JPEG; name a table of images, not an image"},
    {"\x89PNG", "a PNG; name a table of images, not an image"},
};

bool LooksLikeUtf16(absl::string_view start) {
  if (absl::StartsWith(start, "\xff\xfe") || absl::StartsWith(start, "\xfe\xff")) return true;
  const absl::string_view head = start.substr(0, kHead);
  const auto nuls = static_cast<size_t>(std::count(head.begin(), head.end(), '\0'));
  return head.size() >= 8 && nuls * 5 >= head.size() * 2;  // ASCII text in UTF-16 is half NUL
}

// A short magic may begin a text too ("BZhang,1.jpg"): what is compressed or binary soon has a control character.
bool LooksBinary(absl::string_view head) {
  return std::any_of(head.begin(), head.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r'; });
}

}  // namespace

TextBuffer::TextBuffer(ByteSource& source, absl::string_view name) : source_(source), name_(name) {
  buffer_.resize(kFirstBuffer + kPadding);
}

absl::Status TextBuffer::Fail(int64_t line, absl::string_view what) {
  return status_ = absl::InvalidArgumentError(absl::StrCat(name_, ":", line, ": ", what));
}

absl::Status TextBuffer::FailTooLong() {
  return Fail(line_, absl::StrCat("a row longer than ", kMaxRowBytes >> 20,
                                  " MiB starts here; is a quote not closed, or is this not a table?"));
}

absl::Status TextBuffer::Start() {
  MILLRACE_RETURN_IF_ERROR(Fill());
  const absl::string_view head = absl::string_view(buffer_.data(), end_).substr(0, kHead);
  if (LooksLikeUtf16(head)) return Fail(1, "the file is UTF-16; save it as UTF-8");
  for (const auto& [magic, what] : kNotText)
    if (absl::StartsWith(head, magic) && LooksBinary(head)) return Fail(1, absl::StrCat("the file is ", what));
  if (absl::StartsWith(head, "\xef\xbb\xbf")) begin_ = 3;
  return absl::OkStatus();
}

absl::Status TextBuffer::Fill() {
  MILLRACE_RETURN_IF_ERROR(status_);
  if (end_ - begin_ > kMaxRowBytes) return FailTooLong();
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ * 2 > buffer_.size()) buffer_.resize(buffer_.size() * 2);
  // To the brim, however small the source's pieces are: the unfinished row is looked through again after every call.
  for (const size_t room = buffer_.size() - kPadding; end_ < room && !at_end_;) {
    absl::StatusOr<size_t> read = source_.Read(buffer_.data() + end_, room - end_);
    if (!read.ok()) return status_ = read.status();
    at_end_ = *read == 0;
    end_ += *read;
  }
  return absl::OkStatus();
}

}  // namespace millrace
