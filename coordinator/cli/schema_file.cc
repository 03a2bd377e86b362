#include "coordinator/cli/schema_file.h"

#include <yaml-cpp/yaml.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/dataset/option_words.h"
#include "common/dataset/schema.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

absl::Status At(const YAML::Mark& mark, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(mark.is_null() ? ": " : absl::StrCat(":", mark.line + 1, ": "), what));
}

// yaml-cpp throws for what is not as expected; what can be asked first is.
absl::StatusOr<std::vector<Column>> ReadColumns(const YAML::Node& root) {
  if (!root.IsMap() || root.size() != 1 || !root["columns"] || !root["columns"].IsMap())
    return At(root.Mark(), "a schema is `columns:` and below it a line `name: type` for every column");
  std::vector<Column> columns;
  for (const auto& entry : root["columns"]) {
    const auto type = entry.second.IsScalar() ? FindOption(kColumnWords, entry.second.Scalar()) : std::nullopt;
    if (!entry.first.IsScalar() || !type.has_value())
      return At(entry.first.Mark(),
                absl::StrCat("the type of ", entry.first.IsScalar() ? Printable(entry.first.Scalar()) : "a column",
                             " must be one of ", absl::StrJoin(WordsOf(kColumnWords), ", ")));
    columns.emplace_back().set_name(entry.first.Scalar());
    columns.back().set_type(*type);
  }
  const absl::Status sound = CheckColumns(columns);
  if (!sound.ok()) return At(root["columns"].Mark(), sound.message());
  return columns;
}

}  // namespace

absl::StatusOr<std::vector<Column>> ParseSchema(absl::string_view text, absl::string_view name) {
  absl::StatusOr<std::vector<Column>> columns;
  try {
    columns = ReadColumns(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& error) {
    columns = At(error.mark, error.msg);
  }
  if (columns.ok()) return columns;
  return absl::InvalidArgumentError(absl::StrCat("--schema: ", Printable(name), columns.status().message()));
}

}  // namespace millrace::cli
