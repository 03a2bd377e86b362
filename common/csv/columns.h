// Which cell of a row is what: split, image URI, label.
//
//   header   `split,image_uri,label` in any order and any case, more columns are ignored; image_uri is required
//   AutoML   no header: `[split,]image_uri[,label…]` as TFRecorder and AutoML Vision read it; rows may differ in length
//   named    no header: the user lists the columns' names
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace {

struct ColumnLayout {
  static constexpr int kAbsent = -1;

  int split = kAbsent;
  int image_uri = 0;
  int label = kAbsent;
  bool first_row_is_header = false;
  // Rows without a header may have no label, or several (which we refuse row by row): not ragged.
  bool variable_length = false;
  size_t named_fields = 0;  // columns of a named layout; 0 otherwise
};

// `header`: "infer" (or empty), "none", or comma-separated names. `first_row`: the first row of the file.
// INVALID_ARGUMENT lists the columns found when there is no image_uri among them; the caller adds file and line.
absl::StatusOr<ColumnLayout> ChooseColumns(absl::string_view header, absl::Span<const absl::string_view> first_row);

struct RowCells {
  absl::string_view split;  // empty: absent
  absl::string_view image_uri;
  absl::string_view label;  // empty: missing
  bool several_labels = false;
};

// The cells of one row. Never out of bounds: what a short row lacks is empty.
RowCells PickCells(const ColumnLayout& layout, absl::Span<const absl::string_view> fields);

}  // namespace millrace
