// From the cells of a row to split, URI and label: which column is which, with or without a header.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/csv/csv_reader.h"

namespace millrace {

// One row as the rest of Millrace sees it. The texts live as long as the CsvRow's.
struct InputRow {
  absl::string_view split;  // empty: the file has no split column, or the cell is empty
  absl::string_view uri;
  absl::string_view label;
  bool has_label = false;    // false for an empty cell or no column
  absl::string_view reason;  // of a row that cannot be used (common/dataset/reasons.h), else empty
  std::string detail;        // "4 cells, the header has 3"
};

// Constant after construction.
class Columns {
 public:
  // `header`: "infer", "none", or the names of a headerless file's columns, comma-separated. `first` is the first row.
  //   infer  a cell `image_uri` makes it a header; else the file is headerless: [split,]image_uri[,label…] (AutoML's
  //          form), with a split column if the first cell is a split word or empty
  //   none   headerless, as above
  // INVALID_ARGUMENT if there is no image_uri column: names the columns found; also if the first row was inferred to
  // be data and its URI looks like a column's name (without '.' and '/').
  static absl::StatusOr<Columns> Of(absl::string_view header, const CsvRow& first);

  bool first_row_is_header() const { return first_row_is_header_; }
  // Never fails: what is wrong with the row is its reason. `out` is reused from row to row.
  void Read(const CsvRow& row, InputRow& out) const;

 private:
  static absl::StatusOr<Columns> Named(const std::vector<std::string>& names, absl::string_view where);
  static Columns Headerless(const CsvRow& first);
  bool CheckCount(const CsvRow& row, InputRow& out) const;

  bool first_row_is_header_ = false;
  bool open_ended_ = false;  // headerless: any number of labels behind the URI
  int split_ = -1, uri_ = -1, label_ = -1;
  size_t count_ = 0;
};

}  // namespace millrace
