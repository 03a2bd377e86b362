#include "common/dataset/schema.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

using Type = FeatureSpec::Type;

absl::string_view TypeName(Type type) { return type == Type::kBytes ? "BYTES" : type == Type::kInt ? "INT" : "FLOAT"; }

// A list has neither presence nor shape: that makes it a VarLenFeature.
std::string FeatureText(const FeatureSpec& feature, int64_t labels) {
  // The dummy token of an empty vocabulary is a line as any other to tensorflow_transform: max is 0, not -1.
  const std::string domain = absl::StrCat("  int_domain {\n    min: -1\n    max: ", std::max<int64_t>(labels, 1) - 1,
                                          "\n    is_categorical: true\n  }\n");
  return absl::StrCat("feature {\n  name: \"", absl::CEscape(feature.name), "\"\n  type: ", TypeName(feature.type),
                      "\n", feature.label ? domain : "",
                      feature.list ? "}\n" : "  presence {\n    min_fraction: 1.0\n  }\n  shape {\n  }\n}\n");
}

// False for the split and the URI, which have fixed features.
bool MakeFeature(const Column& column, bool multi_label, FeatureSpec& feature) {
  feature = {column.name(), Type::kInt, false, false};
  switch (column.type()) {
    case COLUMN_STRING_LABEL:
      feature.label = true;
      feature.list = multi_label;
      return true;
    case COLUMN_INTEGER_LABEL:
    case COLUMN_INTEGER:
      return true;
    case COLUMN_FLOAT:
      feature.type = Type::kFloat;
      return true;
    case COLUMN_STRING:
      feature.type = Type::kBytes;
      return true;
    default:
      return false;
  }
}

constexpr absl::string_view kAlways[] = {"image",       "image_name",     "image_height",
                                         "image_width", "image_channels", "split"};

absl::Status CheckName(const Column& column) {
  const std::string& name = column.name();
  const bool feature = column.type() != COLUMN_SPLIT && column.type() != COLUMN_IMAGE_URI;
  if (name.empty() || name.find_first_of("\0\r\n", 0, 3) != std::string::npos || ValidUtf8(name) != name)
    return absl::InvalidArgumentError(absl::StrCat("'", JsonEscape(name), "' is no name for a column"));
  if (feature && std::find(std::begin(kAlways), std::end(kAlways), name) != std::end(kAlways))
    return absl::InvalidArgumentError(
        absl::StrCat("every record has a feature '", name, "' already; the column needs another name"));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckColumns(const std::vector<Column>& columns) {
  std::set<std::string> names;
  int64_t of_type[ColumnType_ARRAYSIZE] = {};
  for (const Column& column : columns) {
    MILLRACE_RETURN_IF_ERROR(CheckName(column));
    if (!ColumnType_IsValid(column.type())) return absl::InvalidArgumentError("a column of an unknown type");
    ++of_type[column.type()];
    if (!names.insert(absl::AsciiStrToLower(column.name())).second)
      return absl::InvalidArgumentError(absl::StrCat("column '", JsonEscape(column.name()), "' is there twice"));
  }
  if (of_type[COLUMN_IMAGE_URI] != 1) return absl::InvalidArgumentError("one column must be the image_uri");
  if (of_type[COLUMN_SPLIT] > 1) return absl::InvalidArgumentError("only one column can be the split_key");
  if (of_type[COLUMN_STRING_LABEL] > 1)
    return absl::InvalidArgumentError(
        "only one column can be a string_label: a dataset has one vocabulary; make the others string or integer_label");
  return absl::OkStatus();
}

DatasetColumns ColumnsOf(const ConvertSpec& spec) {
  return {{spec.columns().begin(), spec.columns().end()}, spec.multi_label()};
}

std::string LabelFeatureOf(const ConvertSpec& spec) {
  if (spec.columns().empty()) return "label";
  for (const Column& column : spec.columns())
    if (column.type() == COLUMN_STRING_LABEL) return column.name();
  return "";
}

std::vector<FeatureSpec> FeaturesOf(const DatasetColumns& columns) {
  std::vector<FeatureSpec> features = {{"image"}, {"image_name"}, {"split"}};
  for (const char* name : {"image_height", "image_width", "image_channels"}) features.push_back({name, Type::kInt});
  if (columns.columns.empty()) features.push_back({"label", Type::kInt, columns.multi_label, true});
  FeatureSpec feature;
  for (const Column& column : columns.columns)
    if (MakeFeature(column, columns.multi_label, feature)) features.push_back(feature);
  std::sort(features.begin(), features.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return features;
}

std::string SchemaText(int64_t labels, const DatasetColumns& columns) {
  std::string text;
  for (const FeatureSpec& feature : FeaturesOf(columns)) text += FeatureText(feature, labels);
  return text;
}

std::string VocabularyText(const std::vector<std::string>& tokens) {
  if (tokens.empty()) return absl::StrCat(kEmptyVocabularyToken, "\n");
  std::string text;
  for (const std::string& token : tokens) absl::StrAppend(&text, token, "\n");
  return text;
}

std::vector<std::string> ParseVocabularyText(absl::string_view text) {
  std::vector<std::string> tokens = absl::StrSplit(absl::StripSuffix(text, "\n"), '\n');
  if (tokens.size() == 1 && (tokens[0].empty() || tokens[0] == kEmptyVocabularyToken)) tokens.clear();
  return tokens;
}

}  // namespace millrace
