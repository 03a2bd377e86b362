#include "common/input/row_reader.h"

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/input/input_format.h"

namespace millrace {

InputOptions InputOptionsOf(const ConvertSpec& spec) {
  return {spec.input_format(), spec.header(), spec.multi_label(), {spec.columns().begin(), spec.columns().end()}};
}

absl::StatusOr<bool> RowReader::Next(InputRow& row) {
  absl::StatusOr<bool> more = NextImpl(row);
  if (more.ok()) {
    rows_ += *more ? 1 : 0;
  } else if (absl::IsInvalidArgument(more.status())) {
    // The line is for an editor; the row is what dead letters and other tools count.
    return absl::InvalidArgumentError(absl::StrCat(more.status().message(), " (row ", rows_ + 1, ")"));
  }
  return more;
}

absl::StatusOr<std::unique_ptr<RowReader>> OpenInput(absl::string_view path, const InputOptions& options) {
  const InputFormat format = FormatOf(path, options.format);
  if (!options.columns.empty() && (format == INPUT_LIST || format == INPUT_FOLDER))
    return absl::InvalidArgumentError(
        absl::StrCat(JsonEscape(path), ": --schema is for CSV, TSV and JSON lines; this has no columns"));
  switch (format) {
    case INPUT_TSV:
      return OpenTable(path, '\t', options);
    case INPUT_JSON_LINES:
      return OpenJsonLines(path, options);
    case INPUT_LIST:
      return OpenUriList(path);
    case INPUT_FOLDER:
      return OpenImageFolder(path);
    default:
      return OpenTable(path, ',', options);
  }
}

}  // namespace millrace
