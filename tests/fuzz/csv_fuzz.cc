// The CSV reader on any bytes: never crashes, and agrees with the obvious reader wherever that one has an opinion.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "common/csv/columns.h"
#include "common/csv/csv_reader.h"
#include "tests/common/csv/piecewise_source.h"
#include "tests/common/csv/reference_csv.h"

namespace millrace {
namespace {

// Rows of cells, or nothing on an error; `no_text`: one about the first bytes, of which the obvious reader knows
// nothing.
std::optional<std::vector<std::vector<std::string>>> Read(absl::string_view text, size_t piece, bool& no_text) {
  PiecewiseSource source(text, piece);
  CsvReader reader(source, "fuzz.csv");
  std::vector<std::vector<std::string>> rows;
  std::optional<Columns> columns;
  InputRow understood;
  for (CsvRow row;;) {
    const absl::StatusOr<bool> more = reader.Next(row);
    if (!more.ok()) {
      no_text = absl::StrContains(more.status().message(), "fuzz.csv:1: the file is ");
      return std::nullopt;
    }
    if (!*more) return rows;
    if (!columns) {
      if (absl::StatusOr<Columns> made = Columns::Of("infer", row, piece % 2 == 0); made.ok())
        columns = *std::move(made);
    }
    if (columns) columns->Read(row, understood);
    rows.emplace_back(row.cells.begin(), row.cells.end());
  }
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  bool no_text = false;
  const auto rows = millrace::Read(text, data[0] % 32 + 1u, no_text);
  const bool beyond = no_text || text.find('\0') != std::string::npos || text.substr(0, 3) == "\xef\xbb\xbf" ||
                      text.substr(0, 2) == "\xff\xfe" || text.substr(0, 2) == "\xfe\xff";
  if (!beyond && rows != millrace::ReferenceCsv(text)) abort();
  return 0;
}
