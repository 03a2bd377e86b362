// JSON lines: an object a line. A line that is wrong is a row that is wrong: the next one stands by itself.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/csv/input_source.h"
#include "common/input/json_row.h"
#include "common/input/line_reader.h"
#include "common/input/row_reader.h"

namespace millrace {
namespace {

class JsonLines : public RowReader {
 public:
  JsonLines(std::unique_ptr<InputSource> source, absl::string_view path, const InputOptions& options)
      : source_(std::move(source)),
        name_(JsonEscape(path)),
        lines_(*source_, name_),
        parser_(options.several_labels, options.columns) {}

  int64_t bytes_read() const override { return source_->bytes_read(); }
  std::string Description() const override { return "JSON lines"; }

  // A file that begins otherwise is of another format.
  absl::Status Start() {
    MILLRACE_ASSIGN_OR_RETURN(more_, lines_.Next(line_));
    if (!more_) return absl::InvalidArgumentError(absl::StrCat(name_, ": the file is empty; no rows to convert"));
    const size_t first = line_.find_first_not_of(" \t");
    if (first != absl::string_view::npos && line_[first] == '{') return absl::OkStatus();
    return lines_.Fail("JSON lines begin with '{': one object a line, not a list of objects");
  }

 private:
  absl::StatusOr<bool> NextImpl(InputRow& row) override {
    if (!std::exchange(first_, false)) {
      MILLRACE_ASSIGN_OR_RETURN(more_, lines_.Next(line_));
    }
    if (more_) parser_.Parse(line_, row);
    row.line = lines_.line();
    return more_;
  }

  const std::unique_ptr<InputSource> source_;
  const std::string name_;
  LineReader lines_;
  JsonRowParser parser_;
  absl::string_view line_;
  bool more_ = true;
  bool first_ = true;  // line_ is already read
};

}  // namespace

absl::StatusOr<std::unique_ptr<RowReader>> OpenJsonLines(absl::string_view path, const InputOptions& options) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<InputSource> source, InputSource::Open(path));
  auto lines = std::make_unique<JsonLines>(std::move(source), path, options);
  MILLRACE_RETURN_IF_ERROR(lines->Start());
  return std::unique_ptr<RowReader>(std::move(lines));
}

}  // namespace millrace
