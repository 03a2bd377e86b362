// A flat list: one image URI a line, no splits, no labels.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/csv/input_source.h"
#include "common/csv/splitter.h"
#include "common/input/line_reader.h"
#include "common/input/row_reader.h"

namespace millrace {
namespace {

// A table under a list's name would become a list of strange files: its first line tells.
bool LooksLikeTable(absl::string_view line) {
  const absl::string_view first = line.substr(0, line.find_first_of(",\t"));
  return absl::StartsWith(line, "{\"") || (first.size() < line.size() && IsSplitWord(first)) ||
         absl::StrContains(absl::AsciiStrToLower(line), "image_uri");
}

class UriList : public RowReader {
 public:
  UriList(std::unique_ptr<InputSource> source, absl::string_view path)
      : source_(std::move(source)), name_(JsonEscape(path)), lines_(*source_, name_) {}

  absl::Status Start() {
    MILLRACE_ASSIGN_OR_RETURN(more_, lines_.Next(line_));
    if (!more_) return absl::InvalidArgumentError(absl::StrCat(name_, ": the file is empty; no rows to convert"));
    if (!LooksLikeTable(line_)) return absl::OkStatus();
    return lines_.Fail("this is no list of URIs; say what it is with --input-format csv, tsv or jsonl");
  }

  int64_t bytes_read() const override { return source_->bytes_read(); }
  std::string Description() const override { return "list of URIs"; }

 private:
  absl::StatusOr<bool> NextImpl(InputRow& row) override {
    if (!std::exchange(first_, false)) {
      MILLRACE_ASSIGN_OR_RETURN(more_, lines_.Next(line_));
    }
    row.Clear();
    row.line = lines_.line();
    row.uri = line_;
    if (absl::StrContains(line_, absl::string_view("\0", 1))) row.Refuse("row/nul");
    return more_;
  }

  const std::unique_ptr<InputSource> source_;
  const std::string name_;
  LineReader lines_;
  absl::string_view line_;
  bool more_ = true;
  bool first_ = true;  // line_ is already read
};

}  // namespace

absl::StatusOr<std::unique_ptr<RowReader>> OpenUriList(absl::string_view path) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<InputSource> source, InputSource::Open(path));
  auto list = std::make_unique<UriList>(std::move(source), path);
  MILLRACE_RETURN_IF_ERROR(list->Start());
  return std::unique_ptr<RowReader>(std::move(list));
}

}  // namespace millrace
