#include "common/input/schema_columns.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/record/feature_entry.h"

namespace millrace {
namespace {

constexpr size_t kShown = 40;  // bytes of a wrong cell in the detail

void RefuseValue(const Column& column, absl::string_view text, absl::string_view wanted, InputRow& row) {
  const absl::string_view shown = text.substr(0, kShown);
  row.Refuse("row/value",
             absl::StrCat(column.name(), ": '", shown, shown.size() < text.size() ? "…" : "", "' is not ", wanted));
}

}  // namespace

ColumnNames NamesOf(const std::vector<Column>& columns) {
  ColumnNames names;
  if (columns.empty()) return names;
  names.split = names.uri = names.label = "";
  for (const Column& column : columns) {
    names.order.push_back(column.name());
    if (column.type() == COLUMN_SPLIT) {
      names.split = column.name();
    } else if (column.type() == COLUMN_IMAGE_URI) {
      names.uri = column.name();
    } else if (column.type() == COLUMN_STRING_LABEL) {
      names.label = column.name();
    } else {
      names.further.push_back(column.name());
    }
  }
  return names;
}

std::vector<Column> FurtherColumns(const std::vector<Column>& columns) {
  std::vector<Column> further;
  for (const Column& column : columns)
    if (column.type() != COLUMN_SPLIT && column.type() != COLUMN_IMAGE_URI && column.type() != COLUMN_STRING_LABEL)
      further.push_back(column);
  return further;
}

void AddFeature(const Column& column, absl::string_view text, InputRow& row) {
  int64_t integer = 0;
  float number = 0;
  switch (column.type()) {
    case COLUMN_STRING:
      return AppendBytesFeature(column.name(), text, row.features);
    case COLUMN_FLOAT:
      if (!absl::SimpleAtof(text, &number) || !std::isfinite(number)) return RefuseValue(column, text, "a number", row);
      return AppendFloatFeature(column.name(), number, row.features);
    default:
      if (!absl::SimpleAtoi(text, &integer)) return RefuseValue(column, text, "an integer", row);
      return AppendIntFeature(column.name(), integer, row.features);
  }
}

}  // namespace millrace
