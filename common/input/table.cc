// CSV and TSV.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/csv/columns.h"
#include "common/csv/csv_reader.h"
#include "common/csv/input_source.h"
#include "common/input/row_reader.h"
#include "common/input/schema_columns.h"

namespace millrace {
namespace {

class Table : public RowReader {
 public:
  Table(std::unique_ptr<InputSource> source, absl::string_view path, char delimiter)
      : source_(std::move(source)),
        name_(JsonEscape(path)),
        delimiter_(delimiter),
        reader_(*source_, name_, delimiter) {}

  // Reads up to the first row of data.
  absl::Status Start(const InputOptions& options) {
    further_ = FurtherColumns(options.columns);
    MILLRACE_ASSIGN_OR_RETURN(more_, reader_.Next(row_));
    if (!more_) return absl::InvalidArgumentError(absl::StrCat(name_, ": the file is empty; no rows to convert"));
    absl::StatusOr<Columns> columns =
        Columns::Of(options.header, row_, options.several_labels, NamesOf(options.columns));
    if (!columns.ok()) return Annotate(columns.status(), absl::StrCat(name_, ":", row_.line));
    columns_ = *std::move(columns);
    if (!columns_.first_row_is_header()) return absl::OkStatus();
    MILLRACE_ASSIGN_OR_RETURN(more_, reader_.Next(row_));
    if (more_) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(name_, ": only a header, no rows to convert"));
  }

  int64_t bytes_read() const override { return source_->bytes_read(); }
  std::string Description() const override {
    return absl::StrCat(delimiter_ == ',' ? "CSV" : "TSV",
                        columns_.first_row_is_header() ? ", the first line is the header" : ", no header");
  }

 private:
  absl::StatusOr<bool> NextImpl(InputRow& row) override {
    if (!std::exchange(first_, false)) {
      MILLRACE_ASSIGN_OR_RETURN(more_, reader_.Next(row_));
    }
    if (more_) columns_.Read(row_, row);
    if (more_ && !further_.empty()) AddFeatures(row);
    return more_;
  }

  void AddFeatures(InputRow& row) const {
    row.features.clear();
    for (size_t i = 0; i < further_.size() && row.reason.empty(); ++i)
      AddFeature(further_[i], row_.cells[columns_.further()[i]], row);
  }

  const std::unique_ptr<InputSource> source_;
  const std::string name_;
  const char delimiter_;
  CsvReader reader_;
  Columns columns_;
  std::vector<Column> further_;
  CsvRow row_;
  bool more_ = true;
  bool first_ = true;  // row_ is already read
};

}  // namespace

absl::StatusOr<std::unique_ptr<RowReader>> OpenTable(absl::string_view path, char delimiter,
                                                     const InputOptions& options) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<InputSource> source, InputSource::Open(path));
  auto table = std::make_unique<Table>(std::move(source), path, delimiter);
  MILLRACE_RETURN_IF_ERROR(table->Start(options));
  return std::unique_ptr<RowReader>(std::move(table));
}

}  // namespace millrace
