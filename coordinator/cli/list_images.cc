#include "coordinator/cli/list_images.h"

#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "common/input/row_reader.h"

namespace millrace::cli {
namespace {

// What stands before a picture's path below `folder` in the CSV.
std::string PrefixOf(const std::string& folder, const std::string& csv_folder) {
  if (folder == csv_folder) return "";
  const std::string above = csv_folder == "/" ? "/" : absl::StrCat(csv_folder, "/");
  if (absl::StartsWith(folder, above)) return absl::StrCat(folder.substr(above.size()), "/");
  return absl::EndsWith(folder, "/") ? folder : absl::StrCat(folder, "/");
}

}  // namespace

std::string CsvCell(absl::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == absl::string_view::npos) return std::string(cell);
  return absl::StrCat("\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\"");
}

absl::StatusOr<int64_t> ListImages(const std::string& folder, const std::string& csv_folder, std::ostream& csv,
                                   std::string& warnings) {
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<RowReader> pictures, OpenImageFolder(folder));
  const std::string prefix = PrefixOf(folder, csv_folder);
  csv << "split,image_uri,label\n";
  for (InputRow row;;) {
    MILLRACE_ASSIGN_OR_RETURN(const bool more, pictures->Next(row));
    if (!more) break;
    csv << absl::StrCat(CsvCell(row.split), ",", CsvCell(absl::StrCat(prefix, row.uri)), ",", CsvCell(row.label), "\n");
  }
  for (const std::string& warning : pictures->Warnings()) absl::StrAppend(&warnings, warning, "\n");
  return pictures->rows();
}

}  // namespace millrace::cli
