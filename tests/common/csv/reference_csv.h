// The slow, obvious CSV reader: one character at a time over the whole text. The oracle of reader test and fuzz target.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace millrace {

// Rows of cells, or nothing where CsvReader must refuse the text. Of texts without NUL, BOM and rows above the limit.
inline std::optional<std::vector<std::vector<std::string>>> ReferenceCsv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> cells;
  std::string cell;
  bool quoted = false, any_quotes = false;  // inside quotes; the cell had some
  const auto end_cell = [&] {
    cells.push_back(cell);
    cell.clear();
  };
  const auto end_row = [&] {
    const bool blank = cells.empty() && cell.empty() && !any_quotes;
    end_cell();
    if (!blank) rows.push_back(cells);
    cells.clear();
    any_quotes = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (next == '"') {
        cell += c;
        ++i;
      } else {
        quoted = false;
        if (i + 1 < text.size() && next != ',' && next != '\n' && next != '\r') return std::nullopt;
      }
    } else if (c == '"' && cell.empty() && (i == 0 || text[i - 1] == ',' || text[i - 1] == '\n')) {
      quoted = any_quotes = true;
    } else if (c == ',') {
      end_cell();
      any_quotes = true;  // a row with a comma is not blank
    } else if (c == '\n') {
      end_row();
    } else if (c == '\r') {
      if (next == '\n') continue;
      if (i + 1 < text.size()) return std::nullopt;
      end_row();
    } else {
      cell += c;
    }
  }
  if (quoted) return std::nullopt;
  if (!text.empty() && text.back() != '\n' && text.back() != '\r') end_row();
  return rows;
}

}  // namespace millrace
