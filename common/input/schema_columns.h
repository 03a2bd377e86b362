// What a schema makes of the columns of an input: the names of ours, and the further ones as features.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "common/csv/columns.h"
#include "common/csv/input_row.h"
#include "proto/job.pb.h"

namespace millrace {

// For a schema that is empty: split, image_uri and label, nothing further.
ColumnNames NamesOf(const std::vector<Column>& columns);
// Those that become features of their own, in the schema's order: all but split key, URI and string label.
std::vector<Column> FurtherColumns(const std::vector<Column>& columns);

// Adds the feature of one column, made from its text. Refuses the row (row/value, "age: '12x' is not an integer") where
// the text is not of the column's type: an integer of 64 bits, or a finite number that a float can hold; an empty text
// is only a string.
void AddFeature(const Column& column, absl::string_view text, InputRow& row);

}  // namespace millrace
