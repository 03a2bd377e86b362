// Strict reading of our own JSON files. The first member that is missing or of another type is remembered with its
// place
// ("files[3].bytes"), later reads answer zero values: a parser reads everything and asks once. Internal to
// common/dataset.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace millrace {

class JsonObject {
 public:
  // The largest integer that every JSON reader keeps exactly.
  static constexpr int64_t kMaxInteger = (int64_t{1} << 53) - 1;

  // Parses `text` and calls `read` with its root object. DATA_LOSS if it is no object, or what `read` came upon.
  static absl::Status Parse(absl::string_view text, const std::function<void(const JsonObject&)>& read);

  int64_t Int(absl::string_view name, int64_t min = 0, int64_t max = kMaxInteger) const;
  uint64_t Uint64(absl::string_view name) const;
  bool Bool(absl::string_view name) const;
  std::string Text(absl::string_view name) const;
  // `name` is there and not null.
  bool Has(absl::string_view name) const;
  JsonObject Object(absl::string_view name) const;
  std::vector<JsonObject> Objects(absl::string_view name) const;
  std::vector<std::string> Texts(absl::string_view name) const;
  std::vector<std::pair<std::string, int64_t>> Ints() const;  // all members of an object of numbers

  // Says "PLACE.name: what" unless something was wrong before.
  void Fail(absl::string_view name, absl::string_view what) const;
  bool ok() const { return error_->ok(); }

 private:
  JsonObject(const nlohmann::json* value, std::string place, absl::Status* error)
      : value_(value), place_(std::move(place)), error_(error) {}
  const nlohmann::json* Find(absl::string_view name) const;
  std::string PlaceOf(absl::string_view name) const;

  const nlohmann::json* value_;  // an object
  std::string place_;
  absl::Status* error_;
};

}  // namespace millrace
