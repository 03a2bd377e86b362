#include "common/dataset/json_object.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

using Json = nlohmann::json;

const Json& Nothing() {
  static const Json* nothing = new Json(Json::object());
  return *nothing;
}

}  // namespace

absl::Status JsonObject::Parse(absl::string_view text, const std::function<void(const JsonObject&)>& read) {
  const Json root = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return absl::DataLossError("this is not a JSON object");
  absl::Status error;
  read(JsonObject(&root, "", &error));
  return error;
}

std::string JsonObject::PlaceOf(absl::string_view name) const {
  return place_.empty() ? std::string(name) : absl::StrCat(place_, ".", name);
}

void JsonObject::Fail(absl::string_view name, absl::string_view what) const {
  if (error_->ok()) *error_ = absl::DataLossError(absl::StrCat(PlaceOf(name), ": ", what));
}

const Json* JsonObject::Find(absl::string_view name) const {
  const auto found = value_->find(std::string(name));
  if (found != value_->end()) return &*found;
  Fail(name, "missing");
  return nullptr;
}

bool JsonObject::Has(absl::string_view name) const {
  const auto found = value_->find(std::string(name));
  return found != value_->end() && !found->is_null();
}

int64_t JsonObject::Int(absl::string_view name, int64_t min, int64_t max) const {
  const Json* value = Find(name);
  if (value == nullptr) return 0;
  // Beyond int64 nlohmann holds an unsigned number, whose cast would wrap.
  const bool fits = value->is_number_integer() &&
                    !(value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(kMaxInteger));
  if (fits && value->get<int64_t>() >= min && value->get<int64_t>() <= max) return value->get<int64_t>();
  Fail(name, absl::StrCat("must be an integer from ", min, " to ", max));
  return 0;
}

uint64_t JsonObject::Uint64(absl::string_view name) const {
  const Json* value = Find(name);
  if (value != nullptr && value->is_number_unsigned()) return value->get<uint64_t>();
  Fail(name, "must be a non-negative integer below 2^64");
  return 0;
}

bool JsonObject::Bool(absl::string_view name) const {
  const Json* value = Find(name);
  if (value != nullptr && value->is_boolean()) return value->get<bool>();
  Fail(name, "must be true or false");
  return false;
}

std::string JsonObject::Text(absl::string_view name) const {
  const Json* value = Find(name);
  if (value != nullptr && value->is_string()) return value->get<std::string>();
  Fail(name, "must be a string");
  return "";
}

JsonObject JsonObject::Object(absl::string_view name) const {
  const Json* value = Find(name);
  if (value != nullptr && value->is_object()) return JsonObject(value, PlaceOf(name), error_);
  Fail(name, "must be an object");
  return JsonObject(&Nothing(), PlaceOf(name), error_);
}

std::vector<JsonObject> JsonObject::Objects(absl::string_view name) const {
  std::vector<JsonObject> objects;
  const Json* value = Find(name);
  if (value == nullptr || !value->is_array()) {
    Fail(name, "must be a list");
    return objects;
  }
  objects.reserve(value->size());
  for (const Json& item : *value) {
    const std::string place = absl::StrCat(PlaceOf(name), "[", objects.size(), "]");
    objects.push_back(JsonObject(item.is_object() ? &item : &Nothing(), place, error_));
    if (!item.is_object()) objects.back().Fail("", "must be an object");
  }
  return objects;
}

std::vector<std::string> JsonObject::Texts(absl::string_view name) const {
  std::vector<std::string> texts;
  const Json* value = Find(name);
  if (value == nullptr || !value->is_array()) {
    Fail(name, "must be a list");
    return texts;
  }
  for (const Json& item : *value) {
    if (!item.is_string()) Fail(name, "must hold strings only");
    texts.push_back(item.is_string() ? item.get<std::string>() : "");
  }
  return texts;
}

std::vector<std::pair<std::string, int64_t>> JsonObject::Ints() const {
  std::vector<std::pair<std::string, int64_t>> members;
  for (const auto& [name, unused] : value_->items()) members.emplace_back(name, Int(name));
  return members;
}

}  // namespace millrace
