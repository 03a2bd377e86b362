// The row log: the rows of one split in canonical form, written once by the scan and read by everything after it, never
// the CSV again. docs/row_log.md has the bytes.
//
//   header | block | block | … | index | trailer
//
// A block holds whole rows, at most 16 KiB of them (or one larger row), the ordinal of its first row and a CRC32C; the
// index has one entry a block, so that any row is found by one read of one block. Every byte of the file is covered by
// a magic number or a CRC.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/storage/storage.h"
#include "proto/task.pb.h"

namespace millrace {

// Label ids are not known while rows are written, so the raw label is here; the split is that of the file.
struct LogRow {
  int64_t file = 0;  // position in ScanSummary.input_files
  int64_t row = 0;   // data row in that file, from 1
  int64_t line = 0;  // line on which it starts, from 1
  absl::string_view uri;
  absl::string_view label;  // empty: missing
};

// "rows-TRAIN.log": the name of a split's log in the scan's folder.
std::string RowLogName(Split split);

// Streams rows into a prepared file. One thread. Memory: one block and 16 bytes a block written.
class RowLogWriter {
 public:
  explicit RowLogWriter(std::unique_ptr<PreparedWriter> file);

  absl::Status Append(const LogRow& row);
  int64_t rows() const { return rows_; }
  // Ends the log. Exactly once.
  absl::StatusOr<PreparedFile> Finish();

 private:
  struct IndexEntry {
    int64_t first_ordinal;
    int64_t offset;
  };
  absl::Status FlushBlock();
  void PutRow(const LogRow& row);

  std::unique_ptr<PreparedWriter> file_;
  std::string block_;  // header's room, then rows
  int64_t block_rows_ = 0;
  LogRow previous_;  // numbers of the row before in this block
  std::vector<IndexEntry> index_;
  int64_t rows_ = 0;
  int64_t offset_ = 0;  // of the block being filled
};

// Reads rows by ordinal, forward or at random: one block is kept. One thread; open one reader a thread.
// DATA_LOSS names file and offset of whatever is not as the writer left it.
class RowLogReader {
 public:
  // `name` is what errors call the file.
  static absl::StatusOr<std::unique_ptr<RowLogReader>> Open(std::unique_ptr<Source> source, absl::string_view name);

  int64_t rows() const { return rows_; }
  // Valid until the next call. OUT_OF_RANGE unless 0 <= ordinal < rows().
  absl::StatusOr<LogRow> ReadRow(int64_t ordinal);

 private:
  struct IndexEntry {
    int64_t first_ordinal;
    int64_t offset;
  };
  RowLogReader(std::unique_ptr<Source> source, absl::string_view name) : source_(std::move(source)), name_(name) {}
  absl::Status ReadHeader() const;
  absl::Status ReadIndex();
  absl::Status LoadBlock(size_t block);
  absl::Status ParseBlock(size_t block);
  int64_t RowsIn(size_t block) const;
  absl::Status Corrupt(int64_t offset, absl::string_view what) const;

  std::unique_ptr<Source> source_;
  const std::string name_;
  int64_t rows_ = 0;
  int64_t index_offset_ = 0;
  std::vector<IndexEntry> index_;
  size_t loaded_ = SIZE_MAX;  // block in bytes_ and block_rows_
  std::string bytes_;
  std::vector<LogRow> block_rows_;
};

}  // namespace millrace
