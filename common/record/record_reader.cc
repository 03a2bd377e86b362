#include "common/record/record_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/io/crc32c.h"

namespace millrace {
namespace {

constexpr size_t kHeader = sizeof(uint64_t) + sizeof(uint32_t);
// A record grows in such steps as its bytes arrive: a forged length costs nothing.
constexpr size_t kStep = 4 << 20;

template <typename Number>
Number Load(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

}  // namespace

absl::StatusOr<bool> RecordReader::Next(ByteBuffer& record) {
  if (!status_.ok()) return status_;
  absl::StatusOr<bool> read = ReadFrame(record);
  status_ = read.status();
  return read;
}

absl::StatusOr<bool> RecordReader::ReadFrame(ByteBuffer& record) {
  char header[kHeader];
  MILLRACE_ASSIGN_OR_RETURN(size_t got, Fill(header, kHeader));
  if (got == 0) return false;
  if (got < kHeader) return Fail("the stream ends inside the record's header");
  if (Load<uint32_t>(header + sizeof(uint64_t)) != MaskCrc32c(Crc32c(absl::string_view(header, sizeof(uint64_t))))) {
    return Fail(offset_ == 0 ? "the length's checksum is wrong: not a TFRecord stream?"
                             : "the length's checksum is wrong");
  }
  const uint64_t size = Load<uint64_t>(header);
  if (size > max_record_bytes_) {
    return Fail(absl::StrCat("a length of ", size, " bytes is above the limit of ", max_record_bytes_));
  }
  MILLRACE_RETURN_IF_ERROR(ReadBody(size, record));
  ++records_;
  offset_ += kHeader + size + sizeof(uint32_t);
  return true;
}

absl::Status RecordReader::ReadBody(uint64_t size, ByteBuffer& record) {
  record.Resize(0);
  while (record.size() < size) {
    const size_t before = record.size();
    const size_t step = std::max({kStep, before, record.capacity() - before});
    record.Resize(std::min<uint64_t>(size, before + step));
    MILLRACE_ASSIGN_OR_RETURN(size_t got, Fill(record.chars() + before, record.size() - before));
    if (before + got < record.size()) return Fail("the stream ends inside the record");
  }
  char stored[sizeof(uint32_t)];
  MILLRACE_ASSIGN_OR_RETURN(size_t got, Fill(stored, sizeof stored));
  if (got < sizeof stored) return Fail("the stream ends before the record's checksum");
  if (Load<uint32_t>(stored) != MaskCrc32c(Crc32c(record.view()))) return Fail("the record's checksum is wrong");
  return absl::OkStatus();
}

// As many of `n` bytes as the source still has.
absl::StatusOr<size_t> RecordReader::Fill(char* buffer, size_t n) {
  size_t filled = 0;
  while (filled < n) {
    MILLRACE_ASSIGN_OR_RETURN(size_t got, source_.Read(buffer + filled, n - filled));
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

absl::Status RecordReader::Fail(absl::string_view what) const {
  return absl::DataLossError(
      absl::StrCat("record ", records_, " at byte ", WithThousands(static_cast<int64_t>(offset_)), ": ", what));
}

}  // namespace millrace
