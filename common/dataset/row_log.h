// The row log: the rows of one split in canonical form, written once by the scan; everything later reads it, never the
// CSV again. Format with byte widths: docs/row_log.md. Any row is found by its ordinal (0, 1, …) with one block read;
// every byte is covered by a checksum.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/storage/storage.h"

namespace millrace {

struct LogRow {
  int64_t file = 0;         // position in ScanSummary.input_files
  int64_t row = 0;          // data row in that file, from 1
  int64_t line = 0;         // line of that file on which the row starts, from 1
  absl::string_view uri;    // raw cell
  absl::string_view label;  // raw cell; empty if has_label is false. Several labels of a row: '\n' between them
  bool has_label = false;
  absl::string_view features = {};  // of further columns: serialised entries of tf.train.Features, ready to be copied
};

// Where a row of the log comes from; of rows of one block only the difference to the row before is written.
struct RowLogPosition {
  int64_t file = -1, row = 0, line = 0;
};

// Appends rows to a prepared file, which it borrows. One thread. Errors stick.
class RowLogWriter {
 public:
  explicit RowLogWriter(PreparedWriter* file);
  // A row's texts together must stay below 64 MiB (the CSV reader's limit is far below).
  absl::Status Add(const LogRow& row);
  // Writes the last block and the index. The caller then finishes the prepared file.
  absl::Status Finish();
  int64_t rows() const { return rows_; }

 private:
  absl::Status Flush();

  PreparedWriter* const file_;
  std::string block_;  // room for the block in the making: header, payload, and the largest row so far
  size_t block_size_;  // of header and payload so far
  uint32_t block_rows_ = 0;
  std::string index_;
  int64_t offset_ = 0;
  int64_t rows_ = 0;
  RowLogPosition last_;  // of the block
  absl::Status status_;
};

// Reads rows of one log. One thread; open one reader a thread. Keeps the index (16 bytes a block) and one block.
class RowLogReader {
 public:
  // `name` is the path for error texts. DATA_LOSS naming file and offset for any damage.
  static absl::StatusOr<std::unique_ptr<RowLogReader>> Open(std::unique_ptr<Source> source, absl::string_view name);

  int64_t rows() const { return rows_; }
  // The row with this ordinal. Its texts live until the next call. OUT_OF_RANGE for ordinal ∉ [0, rows).
  absl::StatusOr<LogRow> Read(int64_t ordinal);

 private:
  struct Block {
    int64_t first = 0;   // ordinal of its first row
    int64_t offset = 0;  // in the file
  };

  RowLogReader(std::unique_ptr<Source> source, absl::string_view name) : source_(std::move(source)), name_(name) {}
  absl::Status ReadIndex();
  absl::Status Load(size_t block);
  absl::Status Damaged(int64_t offset, absl::string_view what) const;

  const std::unique_ptr<Source> source_;
  const std::string name_;
  std::vector<Block> blocks_;
  int64_t rows_ = 0;
  int64_t index_offset_ = 0;

  size_t loaded_ = SIZE_MAX;  // block in payload_
  std::string payload_;
  std::vector<LogRow> cached_;  // its rows, pointing into payload_
};

}  // namespace millrace
