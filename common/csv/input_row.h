// One row of an input as the rest of Millrace sees it, whatever the format. Reused from row to row.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace millrace {

// The texts live until the next row is read.
struct InputRow {
  int64_t line = 0;         // on which the row starts, from 1
  absl::string_view split;  // empty: the input has none, or the cell is empty
  absl::string_view uri;
  absl::string_view label;     // several labels have a line feed between them
  bool has_label = false;      // false for an empty cell or no column
  absl::string_view reason;    // of a row that cannot be used (common/dataset/reasons.h), else empty
  std::string detail;          // "4 cells, the header has 3"
  std::string features;        // of further columns: serialised entries of tf.train.Features
  std::string several_labels;  // what `label` then points into

  void Clear() {
    split = uri = label = reason = {};
    has_label = false;
    detail.clear();
    features.clear();
    several_labels.clear();
  }
  void Refuse(absl::string_view why, std::string what = "") {
    reason = why;
    detail = std::move(what);
  }
  // One of several; an empty one is none.
  void AddLabel(absl::string_view one) {
    if (one.empty()) return;
    if (has_label) several_labels += '\n';
    several_labels.append(one.data(), one.size());
    label = several_labels;
    has_label = true;
  }
};

// A plain loop: labels are short, and find_first_of is a call with a table.
inline bool HasLineBreak(absl::string_view text) {
  bool found = false;
  for (char c : text) found |= c == '\n' || c == '\r';
  return found;
}

}  // namespace millrace
