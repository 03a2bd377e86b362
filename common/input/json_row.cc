#include "common/input/json_row.h"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/optional.h"
#include "common/input/schema_columns.h"

namespace millrace {
namespace {

absl::string_view KindOf(simdjson::dom::element_type type) {
  switch (type) {
    case simdjson::dom::element_type::ARRAY:
      return "a list";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::STRING:
      return "a text";
    case simdjson::dom::element_type::BOOL:
      return "true or false";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

bool HasNul(absl::string_view text) { return absl::StrContains(text, absl::string_view("\0", 1)); }

}  // namespace

struct JsonRowParser::Impl {
  Impl(bool several, const std::vector<Column>& columns)
      : several_labels(several), names(NamesOf(columns)), further(FurtherColumns(columns)), texts(further.size()) {}

  void ReadMembers(const simdjson::dom::object& object, InputRow& row);
  void ReadMember(absl::string_view name, const simdjson::dom::element& value, InputRow& row);
  bool ReadText(absl::string_view name, const simdjson::dom::element& value, absl::string_view& text, InputRow& row);
  void ReadLabel(const simdjson::dom::element& value, InputRow& row);
  void ReadFurther(size_t column, const simdjson::dom::element& value, InputRow& row);
  void AddFeatures(InputRow& row) const;
  void Check(InputRow& row) const;

  simdjson::dom::parser parser;
  const bool several_labels;
  const ColumnNames names;
  const std::vector<Column> further;
  std::vector<absl::optional<std::string>> texts;  // of further, of this line
  int labels = 0;
  bool has_uri = false, has_split = false, has_label = false;
};

// False for null.
bool JsonRowParser::Impl::ReadText(absl::string_view name, const simdjson::dom::element& value, absl::string_view& text,
                                   InputRow& row) {
  std::string_view found;
  if (value.get_string().get(found) == simdjson::SUCCESS) {
    text = absl::string_view(found.data(), found.size());
    return true;
  }
  if (!value.is_null()) row.Refuse("row/type", absl::StrCat("'", name, "' is ", KindOf(value.type()), ", not a text"));
  return false;
}

void JsonRowParser::Impl::ReadLabel(const simdjson::dom::element& value, InputRow& row) {
  int64_t number = 0;
  std::string as_text;
  absl::string_view text;
  if (value.is_int64() && value.get_int64().get(number) == simdjson::SUCCESS) {
    as_text = absl::StrCat(number);
    text = as_text;
  } else if (!ReadText(names.label, value, text, row)) {
    return;
  }
  if (HasLineBreak(text)) row.Refuse("row/label_line_break");
  labels += !text.empty();
  row.AddLabel(text);
}

void JsonRowParser::Impl::ReadMember(absl::string_view name, const simdjson::dom::element& value, InputRow& row) {
  for (size_t i = 0; i < further.size(); ++i)
    if (name == further[i].name()) return ReadFurther(i, value, row);
  bool* seen = name == names.uri     ? &has_uri
               : name == names.split ? &has_split
               : name == names.label ? &has_label
                                     : nullptr;
  if (seen == nullptr) return;
  if (std::exchange(*seen, true)) return row.Refuse("row/type", absl::StrCat("'", name, "' is there twice"));
  if (seen == &has_uri) {
    (void)ReadText(name, value, row.uri, row);
  } else if (seen == &has_split) {
    (void)ReadText(name, value, row.split, row);
  } else if (simdjson::dom::array list; value.get_array().get(list) == simdjson::SUCCESS) {
    for (const simdjson::dom::element item : list) ReadLabel(item, row);
  } else {
    ReadLabel(value, row);
  }
}

// As text, which AddFeature reads: a number loses nothing on the way.
void JsonRowParser::Impl::ReadFurther(size_t column, const simdjson::dom::element& value, InputRow& row) {
  absl::optional<std::string>& text = texts[column];
  const std::string& name = further[column].name();
  if (text.has_value()) return row.Refuse("row/type", absl::StrCat("'", name, "' is there twice"));
  const bool number_wanted = further[column].type() != COLUMN_STRING;
  int64_t integer = 0;
  double number = 0;
  absl::string_view found;
  if (number_wanted && value.get_int64().get(integer) == simdjson::SUCCESS) {
    text = absl::StrCat(integer);
  } else if (number_wanted && value.get_double().get(number) == simdjson::SUCCESS) {
    text = absl::StrFormat("%.17g", number);
  } else if (ReadText(name, value, found, row)) {
    text = std::string(found);
  }
}

void JsonRowParser::Impl::AddFeatures(InputRow& row) const {
  for (size_t i = 0; i < further.size() && row.reason.empty(); ++i) {
    if (!texts[i].has_value()) return row.Refuse("row/value", absl::StrCat(further[i].name(), ": there is no value"));
    AddFeature(further[i], *texts[i], row);
  }
}

void JsonRowParser::Impl::ReadMembers(const simdjson::dom::object& object, InputRow& row) {
  labels = 0;
  has_uri = has_split = has_label = false;
  std::fill(texts.begin(), texts.end(), absl::nullopt);
  for (const auto& [name, value] : object) ReadMember(absl::string_view(name.data(), name.size()), value, row);
}

void JsonRowParser::Impl::Check(InputRow& row) const {
  if (!row.reason.empty()) return;
  if (HasNul(row.uri) || HasNul(row.label)) return row.Refuse("row/nul");
  if (row.uri.empty()) return row.Refuse("row/no_uri");
  if (labels > 1 && !several_labels)
    row.Refuse("row/several_labels", absl::StrCat(labels, " labels; --multi-label takes them"));
}

JsonRowParser::JsonRowParser(bool several_labels, const std::vector<Column>& columns)
    : impl_(std::make_unique<Impl>(several_labels, columns)) {}
JsonRowParser::~JsonRowParser() = default;

void JsonRowParser::Parse(absl::string_view line, InputRow& row) {
  row.Clear();
  simdjson::dom::element element;
  const simdjson::error_code error = impl_->parser.parse(line.data(), line.size(), true).get(element);
  if (error != simdjson::SUCCESS) return row.Refuse("row/syntax", simdjson::error_message(error));
  simdjson::dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS)
    return row.Refuse("row/type", absl::StrCat("the line is ", KindOf(element.type()), ", not an object"));
  impl_->ReadMembers(object, row);
  impl_->Check(row);
  if (row.reason.empty()) impl_->AddFeatures(row);
}

}  // namespace millrace
