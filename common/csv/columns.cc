#include "common/csv/columns.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/log.h"
#include "common/csv/splitter.h"

namespace millrace {
namespace {

bool IsName(absl::string_view cell, absl::string_view name) {
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(cell), name);
}

// A plain loop: labels are short, and find_first_of is a call with a table.
bool HasLineBreak(absl::string_view text) {
  bool found = false;
  for (char c : text) found |= c == '\n' || c == '\r';
  return found;
}

// Whether a cell could name an image; a column's name hardly has a dot or a slash.
bool LooksLikeUri(absl::string_view cell) { return cell.find_first_of("./") != absl::string_view::npos; }

}  // namespace

absl::StatusOr<Columns> Columns::Of(absl::string_view header, const CsvRow& first) {
  if (header.empty() || header == "infer") {
    for (absl::string_view cell : first.cells) {
      if (!IsName(cell, "image_uri")) continue;
      absl::StatusOr<Columns> columns = Named({first.cells.begin(), first.cells.end()}, "the header");
      if (columns.ok()) columns->first_row_is_header_ = true;
      return columns;
    }
    // A first row that names other columns of ours is a header with a mistake, not data.
    for (absl::string_view cell : first.cells)
      if (IsName(cell, "split") || IsName(cell, "label"))
        return Named({first.cells.begin(), first.cells.end()}, "the header");
    Columns columns = Headerless(first);
    InputRow row;
    columns.Read(first, row);
    if (LooksLikeUri(row.uri)) return columns;
    return absl::InvalidArgumentError(absl::StrCat(
        "is this a header? It has no column image_uri, and '", JsonEscape(row.uri),
        "' is no image path; rename the columns to split, image_uri and label, or say --header none if it is a row"));
  }
  if (header == "none") return Headerless(first);
  return Named(absl::StrSplit(header, ','), "--header");
}

absl::StatusOr<Columns> Columns::Named(const std::vector<std::string>& names, absl::string_view where) {
  Columns columns;
  columns.count_ = names.size();
  for (size_t i = 0; i < names.size(); ++i) {
    for (auto [name, at] : {std::pair<absl::string_view, int*>{"split", &columns.split_},
                            {"image_uri", &columns.uri_},
                            {"label", &columns.label_}}) {
      if (!IsName(names[i], name)) continue;
      if (*at >= 0) return absl::InvalidArgumentError(absl::StrCat(where, " has two columns '", name, "'"));
      *at = static_cast<int>(i);
    }
  }
  if (columns.uri_ < 0)
    return absl::InvalidArgumentError(
        absl::StrCat(where, " has no column image_uri; found: ", JsonEscape(absl::StrJoin(names, ", ")),
                     "; name the columns with --header split,image_uri,label"));
  return columns;
}

Columns Columns::Headerless(const CsvRow& first) {
  const absl::string_view cell = first.cells.empty() ? absl::string_view() : first.cells[0];
  const bool has_split = first.cells.size() >= 2 && (IsSplitWord(cell) || absl::StripAsciiWhitespace(cell).empty());
  Columns columns;
  columns.open_ended_ = true;
  columns.split_ = has_split ? 0 : -1;
  columns.uri_ = columns.split_ + 1;
  columns.label_ = columns.uri_ + 1;
  columns.count_ = static_cast<size_t>(columns.label_) + 1;
  return columns;
}

void Columns::Read(const CsvRow& row, InputRow& out) const {
  const size_t cells = row.cells.size();
  const auto cell = [&](int at) {
    return static_cast<size_t>(at) < cells ? row.cells[static_cast<size_t>(at)] : absl::string_view();  // -1: none
  };
  out.split = cell(split_);
  out.uri = cell(uri_);
  out.label = cell(label_);
  out.has_label = !out.label.empty();
  out.reason = {};
  out.detail.clear();
  if (row.has_nul) {
    out.reason = "csv/nul";
  } else if (cells != count_ && !CheckCount(row, out)) {
  } else if (out.uri.empty()) {
    out.reason = "csv/empty_uri";
  } else if (row.quoted && HasLineBreak(out.label)) {  // without a quote no cell has one
    out.reason = "csv/label_line_break";
  }
}

// Of a row that has another number of cells than the columns. False: the reason is set.
bool Columns::CheckCount(const CsvRow& row, InputRow& out) const {
  const size_t cells = row.cells.size();
  if (open_ended_) {
    size_t labels = 0;
    for (size_t i = static_cast<size_t>(label_); i < cells; ++i) labels += !row.cells[i].empty();
    if (labels <= 1) {
      for (size_t i = count_; i < cells; ++i)
        if (!row.cells[i].empty()) out.label = row.cells[i];
      out.has_label = labels == 1;
      return true;
    }
    out.reason = "csv/several_labels";
    out.detail = absl::StrCat(labels, " labels");
    return false;
  }
  out.reason = "csv/ragged";
  out.detail = absl::StrCat(cells, cells == 1 ? " cell" : " cells", ", the header has ", count_);
  return false;
}

}  // namespace millrace
