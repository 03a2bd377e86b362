// An input, whatever its format, as a stream of rows: CSV, TSV, JSON lines, a list of URIs, a folder of pictures. One
// pass, flat memory; one thread.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<RowReader> reader, OpenInput(path, options));
//   for (InputRow row;;) { ASSIGN_OR_RETURN(bool more, reader->Next(row)); if (!more) break; … }
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/csv/input_row.h"
#include "proto/job.pb.h"

namespace millrace {

struct InputOptions {
  InputFormat format = INPUT_AUTO;
  std::string header = "infer";  // of CSV and TSV: common/csv/columns.h
  bool several_labels = false;
  std::vector<Column> columns;  // of a schema that CheckColumns passed (common/dataset/schema.h); empty: none
};

InputOptions InputOptionsOf(const ConvertSpec& spec);

class RowReader {
 public:
  virtual ~RowReader() = default;

  // False at the end. A row that cannot be used has a reason; INVALID_ARGUMENT "file:line: … (row N)" where no more
  // rows can be made out; DATA_LOSS for damaged gzip; errors of the file as they are.
  absl::StatusOr<bool> Next(InputRow& row);
  int64_t rows() const { return rows_; }  // returned so far: the number of the last one, from 1

  virtual int64_t bytes_read() const = 0;  // of the file, for progress
  // What people are told: "CSV, the first line is the header".
  virtual std::string Description() const = 0;
  // After the last row: what was left out without being a row.
  virtual std::vector<std::string> Warnings() const { return {}; }

 private:
  virtual absl::StatusOr<bool> NextImpl(InputRow& row) = 0;

  int64_t rows_ = 0;
};

// INVALID_ARGUMENT "file:line: …" for an input without rows, with a header that lacks a column, of no text, or of
// another format than it is said to be.
absl::StatusOr<std::unique_ptr<RowReader>> OpenInput(absl::string_view path, const InputOptions& options);

// The readers behind it; `path` is for error texts as well.
absl::StatusOr<std::unique_ptr<RowReader>> OpenTable(absl::string_view path, char delimiter,
                                                     const InputOptions& options);
absl::StatusOr<std::unique_ptr<RowReader>> OpenJsonLines(absl::string_view path, const InputOptions& options);
absl::StatusOr<std::unique_ptr<RowReader>> OpenUriList(absl::string_view path);
absl::StatusOr<std::unique_ptr<RowReader>> OpenImageFolder(absl::string_view path);

}  // namespace millrace
