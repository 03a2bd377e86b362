#include "common/dataset/row_log.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/io/crc32c.h"

namespace millrace {
namespace {

constexpr absl::string_view kMagic = "MRROWLG2";
constexpr absl::string_view kEndMagic = "MRROWEND";
constexpr size_t kBlockPayload = 16 << 10;
constexpr size_t kBlockHeader = 4 + 4 + 8 + 4;  // payload bytes, rows, first ordinal, CRC32C
constexpr size_t kIndexEntry = 8 + 8;           // first ordinal, offset
constexpr size_t kTail = 8 + 8 + 8 + 4 + 8;     // index offset, blocks, rows, CRC32C, magic
constexpr int64_t kLargestPayload = 64 << 20;

template <typename T>
void PutFixed(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);  // little-endian machines only, as everything here
  out.append(bytes, sizeof bytes);
}

template <typename T>
T GetFixed(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

constexpr size_t kLongestVarint = 10;

char* PutVarint(uint64_t value, char* out) {
  for (; value >= 128; value >>= 7) *out++ = static_cast<char>(value | 128);
  *out++ = static_cast<char>(value);
  return out;
}

char* PutText(absl::string_view text, char* out) {
  return std::copy(text.begin(), text.end(), out);  // memcpy must not be given the null of an empty text
}

// False at the end of `in` or for more than 64 bits.
bool GetVarint(absl::string_view& in, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in[0]);
    in.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 127) << shift;
    if (byte < 128) return true;
  }
  return false;
}

bool GetText(absl::string_view& in, uint64_t length, absl::string_view& text) {
  if (length > in.size()) return false;
  text = in.substr(0, length);
  in.remove_prefix(length);
  return true;
}

// `last` is the row before in the block, and becomes this one.
bool GetRow(absl::string_view& in, RowLogPosition& last, LogRow& row) {
  uint64_t file, row_step, line_step, size;
  if (!GetVarint(in, file) || !GetVarint(in, row_step) || !GetVarint(in, line_step)) return false;
  if (static_cast<int64_t>(file) != last.file) last = {static_cast<int64_t>(file), 0, 0};
  row.file = last.file;
  row.row = last.row = static_cast<int64_t>(static_cast<uint64_t>(last.row) + row_step);
  row.line = last.line = static_cast<int64_t>(static_cast<uint64_t>(last.line) + line_step);
  if (!GetVarint(in, size) || !GetText(in, size, row.uri) || !GetVarint(in, size)) return false;
  row.has_label = size > 0;
  if (row.has_label && !GetText(in, size - 1, row.label)) return false;
  return GetVarint(in, size) && GetText(in, size, row.features);
}

}  // namespace

RowLogWriter::RowLogWriter(PreparedWriter* file)
    : file_(file), block_size_(kBlockHeader), status_(file->Append(kMagic)) {
  offset_ = static_cast<int64_t>(kMagic.size());
}

absl::Status RowLogWriter::Add(const LogRow& row) {
  const size_t most = 6 * kLongestVarint + row.uri.size() + row.label.size() + row.features.size();
  if (block_size_ + most > block_.size()) block_.resize(block_size_ + most + kBlockPayload);
  if (row.file != last_.file) last_ = {row.file, 0, 0};
  char* const begin = block_.data() + block_size_;
  char* out = PutVarint(static_cast<uint64_t>(row.file), begin);
  out = PutVarint(static_cast<uint64_t>(row.row) - static_cast<uint64_t>(last_.row), out);
  out = PutVarint(static_cast<uint64_t>(row.line) - static_cast<uint64_t>(last_.line), out);
  out = PutText(row.uri, PutVarint(row.uri.size(), out));
  out = PutText(row.label, PutVarint(row.has_label ? row.label.size() + 1 : 0, out));
  out = PutText(row.features, PutVarint(row.features.size(), out));
  block_size_ += static_cast<size_t>(out - begin);
  last_ = {row.file, row.row, row.line};
  ++block_rows_;
  ++rows_;
  return block_size_ < kBlockHeader + kBlockPayload ? status_ : Flush();
}

absl::Status RowLogWriter::Flush() {
  if (block_rows_ == 0 || !status_.ok()) return status_;
  const int64_t first = rows_ - block_rows_;
  PutFixed(index_, first);
  PutFixed(index_, offset_);
  const absl::string_view payload(block_.data() + kBlockHeader, block_size_ - kBlockHeader);
  std::string header;
  PutFixed(header, static_cast<uint32_t>(payload.size()));
  PutFixed(header, block_rows_);
  PutFixed(header, first);
  PutFixed(header, Crc32c(payload, Crc32c(header)));
  header.copy(block_.data(), kBlockHeader);
  status_ = file_->Append(absl::string_view(block_).substr(0, block_size_));
  offset_ += static_cast<int64_t>(block_size_);
  block_size_ = kBlockHeader;
  block_rows_ = 0;
  last_ = {};
  return status_;
}

absl::Status RowLogWriter::Finish() {
  MILLRACE_RETURN_IF_ERROR(Flush());
  const auto blocks = static_cast<int64_t>(index_.size() / kIndexEntry);
  PutFixed(index_, offset_);
  PutFixed(index_, blocks);
  PutFixed(index_, rows_);
  PutFixed(index_, Crc32c(index_));
  absl::StrAppend(&index_, kEndMagic);
  return status_ = file_->Append(index_);
}

absl::StatusOr<std::unique_ptr<RowLogReader>> RowLogReader::Open(std::unique_ptr<Source> source,
                                                                 absl::string_view name) {
  std::unique_ptr<RowLogReader> reader(new RowLogReader(std::move(source), name));
  MILLRACE_RETURN_IF_ERROR(reader->ReadIndex());
  return reader;
}

absl::Status RowLogReader::Damaged(int64_t offset, absl::string_view what) const {
  return absl::DataLossError(
      absl::StrCat(name_, ": offset ", offset, ": ", what, "; the row log is damaged, run the job again"));
}

absl::Status RowLogReader::ReadIndex() {
  const int64_t size = source_->size();
  const auto smallest = static_cast<int64_t>(kMagic.size() + kTail);
  if (size < smallest) return Damaged(0, "too short for a row log");
  char magic[8], tail[kTail];
  MILLRACE_RETURN_IF_ERROR(source_->ReadAt(0, sizeof magic, magic));
  if (absl::string_view(magic, sizeof magic) != kMagic) return Damaged(0, "not a row log of this version");
  MILLRACE_RETURN_IF_ERROR(source_->ReadAt(size - static_cast<int64_t>(kTail), kTail, tail));
  if (absl::string_view(tail + 28, 8) != kEndMagic) return Damaged(size - 8, "no end mark");
  index_offset_ = GetFixed<int64_t>(tail);
  const auto blocks = GetFixed<int64_t>(tail + 8);
  rows_ = GetFixed<int64_t>(tail + 16);
  const int64_t room = size - static_cast<int64_t>(kTail) - index_offset_;
  if (index_offset_ < static_cast<int64_t>(kMagic.size()) || room < 0 || rows_ < 0 || blocks < 0 ||
      room % static_cast<int64_t>(kIndexEntry) != 0 || room / static_cast<int64_t>(kIndexEntry) != blocks)
    return Damaged(size - static_cast<int64_t>(kTail), "index of a wrong size");
  std::string index(static_cast<size_t>(room) + 24, '\0');
  MILLRACE_RETURN_IF_ERROR(source_->ReadAt(index_offset_, index.size(), index.data()));
  if (Crc32c(index) != GetFixed<uint32_t>(tail + 24)) return Damaged(index_offset_, "index checksum differs");
  for (int64_t i = 0; i < blocks; ++i) {
    const char* entry = index.data() + static_cast<size_t>(i) * kIndexEntry;
    blocks_.push_back({GetFixed<int64_t>(entry), GetFixed<int64_t>(entry + 8)});
  }
  return absl::OkStatus();
}

absl::Status RowLogReader::Load(size_t block) {
  loaded_ = SIZE_MAX;
  const int64_t offset = blocks_[block].offset;
  const int64_t end = block + 1 < blocks_.size() ? blocks_[block + 1].offset : index_offset_;
  const int64_t payload_size = end - offset - static_cast<int64_t>(kBlockHeader);
  if (payload_size <= 0 || payload_size > kLargestPayload) return Damaged(offset, "block of a wrong size");
  char header[kBlockHeader];
  MILLRACE_RETURN_IF_ERROR(source_->ReadAt(offset, sizeof header, header));
  payload_.resize(static_cast<size_t>(payload_size));
  MILLRACE_RETURN_IF_ERROR(
      source_->ReadAt(offset + static_cast<int64_t>(kBlockHeader), payload_.size(), payload_.data()));
  const uint32_t crc = Crc32c(payload_, Crc32c(absl::string_view(header, kBlockHeader - 4)));
  if (crc != GetFixed<uint32_t>(header + 16)) return Damaged(offset, "block checksum differs");
  const auto rows = GetFixed<uint32_t>(header + 4);
  cached_.clear();
  absl::string_view rest = payload_;
  RowLogPosition last;
  for (uint32_t i = 0; i < rows; ++i)
    if (!GetRow(rest, last, cached_.emplace_back())) return Damaged(offset, "block with a bad row");
  if (!rest.empty() || GetFixed<int64_t>(header + 8) != blocks_[block].first)
    return Damaged(offset, "block that does not fit the index");
  loaded_ = block;
  return absl::OkStatus();
}

absl::StatusOr<LogRow> RowLogReader::Read(int64_t ordinal) {
  if (ordinal < 0 || ordinal >= rows_)
    return absl::OutOfRangeError(absl::StrCat(name_, ": no row ", ordinal, " of ", rows_));
  const auto after = std::upper_bound(blocks_.begin(), blocks_.end(), ordinal,
                                      [](int64_t wanted, const Block& block) { return wanted < block.first; });
  if (after == blocks_.begin()) return Damaged(index_offset_, "index without a first block");
  const auto block = static_cast<size_t>(after - blocks_.begin() - 1);
  if (block != loaded_) MILLRACE_RETURN_IF_ERROR(Load(block));
  const auto within = static_cast<size_t>(ordinal - blocks_[block].first);
  if (within >= cached_.size()) return Damaged(blocks_[block].offset, "block with too few rows");
  return cached_[within];
}

}  // namespace millrace
