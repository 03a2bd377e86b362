// From the cells of a row to split, URI and label: which column is which, with or without a header.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/csv/csv_reader.h"
#include "common/csv/input_row.h"

namespace millrace {

// What the columns are called, in any case.
struct ColumnNames {
  std::string split = "split", uri = "image_uri", label = "label";  // empty: there is no such column
  std::vector<std::string> further = {};  // others that are wanted; then, and of a schema, each of all must be there
  std::vector<std::string> order = {};    // of a schema: its columns, as they stand in a file without a header
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
  // `several_labels`: rows may have any number of labels. Headerless they are all cells behind the URI; with a header,
  // all columns named `label`, and if such a column is the last one, all cells behind it.
  // `names` of a schema: `none` takes its order, `infer` expects a header with the URI's name.
  static absl::StatusOr<Columns> Of(absl::string_view header, const CsvRow& first, bool several_labels = false,
                                    const ColumnNames& names = {});

  bool first_row_is_header() const { return first_row_is_header_; }
  // Never fails: what is wrong with the row is its reason. `out` is reused from row to row.
  void Read(const CsvRow& row, InputRow& out) const;
  // Where the further columns are, in the order of their names: in every row without a reason.
  const std::vector<size_t>& further() const { return further_; }

 private:
  static absl::StatusOr<Columns> Named(const std::vector<std::string>& cells, absl::string_view where,
                                       bool several_labels, const ColumnNames& names);
  absl::Status FindFurther(const std::vector<std::string>& cells, absl::string_view where, const ColumnNames& names);
  static Columns Headerless(const CsvRow& first, bool several_labels);
  bool CheckCount(const CsvRow& row, InputRow& out) const;
  void ReadLabels(const CsvRow& row, InputRow& out) const;

  bool first_row_is_header_ = false;
  bool several_labels_ = false;
  int split_ = -1, uri_ = -1;
  std::vector<size_t> further_;
  std::vector<int> labels_;  // columns; all but the first only of several_labels_
  // A row has min_cells_ to max_cells_ cells. Those behind count_ are labels.
  size_t count_ = 0, min_cells_ = 0, max_cells_ = 0;
};

}  // namespace millrace
