#include "common/csv/columns.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/csv/splitter.h"

namespace millrace {
namespace {

bool IsName(absl::string_view cell, absl::string_view name) {
  return !name.empty() && absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(cell), name);
}

// Whether a cell could name an image; a column's name hardly has a dot or a slash.
bool LooksLikeUri(absl::string_view cell) { return cell.find_first_of("./") != absl::string_view::npos; }

}  // namespace

absl::StatusOr<Columns> Columns::Of(absl::string_view header, const CsvRow& first, bool several_labels,
                                    const ColumnNames& names) {
  const auto named = [&] {
    return Named({first.cells.begin(), first.cells.end()}, "the header", several_labels, names);
  };
  if (header == "none") {
    return names.order.empty() ? Headerless(first, several_labels)
                               : Named(names.order, "the schema", several_labels, names);
  }
  if (!header.empty() && header != "infer")
    return Named(absl::StrSplit(header, ','), "--header", several_labels, names);
  for (absl::string_view cell : first.cells) {
    if (!IsName(cell, names.uri)) continue;
    absl::StatusOr<Columns> columns = named();
    if (columns.ok()) columns->first_row_is_header_ = true;
    return columns;
  }
  // A first row that names other columns of ours is a header with a mistake, not data.
  for (absl::string_view cell : first.cells)
    if (IsName(cell, names.split) || IsName(cell, names.label)) return named();
  if (!names.order.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("the first row has no column '", JsonEscape(names.uri),
                     "'; say --header none if the columns stand in the order of the schema, without a header"));
  Columns columns = Headerless(first, several_labels);
  InputRow row;
  columns.Read(first, row);
  if (LooksLikeUri(row.uri)) return columns;
  return absl::InvalidArgumentError(absl::StrCat(
      "is this a header? It has no column image_uri, and '", JsonEscape(row.uri),
      "' is no image path; rename the columns to split, image_uri and label, or say --header none if it is a row"));
}

absl::StatusOr<Columns> Columns::Named(const std::vector<std::string>& cells, absl::string_view where,
                                       bool several_labels, const ColumnNames& names) {
  Columns columns;
  columns.several_labels_ = several_labels;
  columns.count_ = columns.min_cells_ = columns.max_cells_ = cells.size();
  const auto twice = [&](absl::string_view name) {
    return absl::InvalidArgumentError(absl::StrCat(where, " has two columns '", JsonEscape(name), "'"));
  };
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto at = static_cast<int>(i);
    if (IsName(cells[i], names.split) && std::exchange(columns.split_, at) >= 0) return twice(names.split);
    if (IsName(cells[i], names.uri) && std::exchange(columns.uri_, at) >= 0) return twice(names.uri);
    if (!IsName(cells[i], names.label)) continue;
    if (!columns.labels_.empty() && !several_labels) return twice(names.label);
    columns.labels_.push_back(at);
  }
  if (columns.uri_ < 0)
    return absl::InvalidArgumentError(absl::StrCat(
        where, " has no column ", JsonEscape(names.uri), "; found: ", JsonEscape(absl::StrJoin(cells, ", ")),
        names.order.empty() ? "; name the columns with --header split,image_uri,label" : ""));
  MILLRACE_RETURN_IF_ERROR(columns.FindFurther(cells, where, names));
  if (several_labels && IsName(cells.back(), names.label)) {
    columns.max_cells_ = SIZE_MAX;
    while (columns.min_cells_ > 0 && IsName(cells[columns.min_cells_ - 1], names.label)) --columns.min_cells_;
  }
  return columns;
}

absl::Status Columns::FindFurther(const std::vector<std::string>& cells, absl::string_view where,
                                  const ColumnNames& names) {
  const auto missing = [&](absl::string_view name) {
    return absl::InvalidArgumentError(absl::StrCat(where, " has no column '", JsonEscape(name),
                                                   "' of the schema; found: ", JsonEscape(absl::StrJoin(cells, ", "))));
  };
  if (!names.order.empty() && !names.split.empty() && split_ < 0) return missing(names.split);
  if (!names.order.empty() && !names.label.empty() && labels_.empty()) return missing(names.label);
  for (const std::string& name : names.further) {
    const auto is_it = [&](const std::string& cell) { return IsName(cell, name); };
    const auto found = std::find_if(cells.begin(), cells.end(), is_it);
    if (found == cells.end()) return missing(name);
    if (std::find_if(found + 1, cells.end(), is_it) != cells.end())
      return absl::InvalidArgumentError(absl::StrCat(where, " has two columns '", JsonEscape(name), "'"));
    further_.push_back(static_cast<size_t>(found - cells.begin()));
  }
  return absl::OkStatus();
}

Columns Columns::Headerless(const CsvRow& first, bool several_labels) {
  const absl::string_view cell = first.cells.empty() ? absl::string_view() : first.cells[0];
  const bool has_split = first.cells.size() >= 2 && (IsSplitWord(cell) || absl::StripAsciiWhitespace(cell).empty());
  Columns columns;
  columns.several_labels_ = several_labels;
  columns.split_ = has_split ? 0 : -1;
  columns.uri_ = columns.split_ + 1;
  columns.labels_ = {columns.uri_ + 1};
  columns.count_ = static_cast<size_t>(columns.uri_) + 2;
  columns.max_cells_ = SIZE_MAX;
  return columns;
}

void Columns::Read(const CsvRow& row, InputRow& out) const {
  const size_t cells = row.cells.size();
  const auto cell = [&](int at) {
    return static_cast<size_t>(at) < cells ? row.cells[static_cast<size_t>(at)] : absl::string_view();  // -1: none
  };
  out.line = row.line;
  out.split = cell(split_);
  out.uri = cell(uri_);
  out.label = labels_.empty() ? absl::string_view() : cell(labels_[0]);
  out.has_label = !out.label.empty();
  out.reason = {};
  out.detail.clear();
  if (row.has_nul) {
    out.reason = "row/nul";
  } else if ((cells != count_ || several_labels_) && !CheckCount(row, out)) {
  } else if (out.uri.empty()) {
    out.reason = "row/no_uri";
  } else if (row.quoted && !several_labels_ && HasLineBreak(out.label)) {  // without a quote no cell has one
    out.reason = "row/label_line_break";
  }
}

// Of a row that has another number of cells than the columns, or may have several labels. False: the reason is set.
bool Columns::CheckCount(const CsvRow& row, InputRow& out) const {
  const size_t cells = row.cells.size();
  if (cells < min_cells_ || cells > max_cells_) {
    out.Refuse("row/ragged", absl::StrCat(cells, cells == 1 ? " cell" : " cells", ", the header has ", count_));
    return false;
  }
  ReadLabels(row, out);
  return out.reason.empty();
}

void Columns::ReadLabels(const CsvRow& row, InputRow& out) const {
  out.has_label = false;
  out.label = {};
  out.several_labels.clear();
  int labels = 0;
  const auto add = [&](absl::string_view label) {
    if (row.quoted && HasLineBreak(label)) out.Refuse("row/label_line_break");
    labels += !label.empty();
    out.AddLabel(label);
  };
  for (int at : labels_)
    if (static_cast<size_t>(at) < row.cells.size()) add(row.cells[static_cast<size_t>(at)]);
  for (size_t at = count_; at < row.cells.size(); ++at) add(row.cells[at]);
  if (labels > 1 && !several_labels_)
    out.Refuse("row/several_labels", absl::StrCat(labels, " labels; --multi-label takes them"));
}

}  // namespace millrace
