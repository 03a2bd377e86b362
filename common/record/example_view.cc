#include "common/record/example_view.h"

#include <algorithm>
#include <cstring>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

// Tags: field number << 3 | wire type (0 varint, 2 with its length before it, 5 four bytes).
constexpr char kField1 =
    0x0a;  // Example.features, Features.feature, an entry's name, Feature.bytes_list, lists' values
constexpr char kField2 = 0x12;    // an entry's value, Feature.float_list
constexpr char kField3 = 0x1a;    // Feature.int64_list
constexpr char kOneInt = 0x08;    // Int64List.value, not packed
constexpr char kOneFloat = 0x0d;  // FloatList.value, not packed

// Takes bytes from the front of a view; the first thing that does not fit sticks as the error.
class Wire {
 public:
  explicit Wire(absl::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  absl::string_view rest() const { return rest_; }
  const char* error() const { return error_; }
  bool Fail(const char* what) {
    if (error_ == nullptr) error_ = what;
    return false;
  }

  bool Tag(char& tag) {
    if (rest_.empty()) return Fail("it ends where a field must be");
    tag = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }
  bool Expect(char tag, const char* what) {
    char found = 0;
    return Tag(found) && (found == tag || Fail(what));
  }
  bool Varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (rest_.empty()) return Fail("it ends inside a number");
      const auto byte = static_cast<uint8_t>(rest_[0]);
      if (shift == 63 && byte > 1) break;
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 127u} << shift;
      if (byte < 128) return true;
    }
    return Fail("a number has more than 64 bits");
  }
  // A length, and as many bytes.
  bool Bytes(absl::string_view& bytes) {
    uint64_t size = 0;
    if (!Varint(size)) return false;
    return Take(size, bytes);
  }
  bool Take(uint64_t size, absl::string_view& bytes) {
    if (size > rest_.size()) return Fail("it ends inside a field");
    bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

 private:
  absl::string_view rest_;
  const char* error_ = nullptr;
};

// Calls value(…) for each of a checked or unchecked list; false with wire.error() at the first thing that is wrong.
template <typename Value>
bool WalkBytes(Wire& wire, Value value) {
  absl::string_view bytes;
  while (!wire.empty()) {
    if (!wire.Expect(kField1, "not a list of byte strings") || !wire.Bytes(bytes)) return false;
    value(bytes);
  }
  return true;
}

template <typename Value>
bool WalkInts(Wire& wire, Value value) {
  char tag = 0;
  uint64_t number = 0;
  while (!wire.empty()) {
    wire.Tag(tag);
    if (tag == kOneInt) {
      if (!wire.Varint(number)) return false;
      value(static_cast<int64_t>(number));
      continue;
    }
    absl::string_view packed;
    if (tag != kField1) return wire.Fail("not a list of integers");
    if (!wire.Bytes(packed)) return false;
    for (Wire inner(packed); !inner.empty(); value(static_cast<int64_t>(number)))
      if (!inner.Varint(number)) return wire.Fail(inner.error());
  }
  return true;
}

template <typename Value>
bool WalkFloats(Wire& wire, Value value) {
  char tag = 0;
  while (!wire.empty()) {
    wire.Tag(tag);
    absl::string_view packed;
    if (tag != kOneFloat && tag != kField1) return wire.Fail("not a list of floats");
    if (!(tag == kOneFloat ? wire.Take(sizeof(float), packed) : wire.Bytes(packed))) return false;
    if (packed.size() % sizeof(float) != 0) return wire.Fail("a list of floats ends inside one");
    for (size_t i = 0; i < packed.size(); i += sizeof(float)) {
      float number = 0;
      std::memcpy(&number, packed.data() + i, sizeof number);
      value(number);
    }
  }
  return true;
}

bool CheckList(Wire& wire, FeatureView& feature) {
  const auto count = [&feature](const auto&) { ++feature.values; };
  if (feature.kind == FeatureKind::kBytes) return WalkBytes(wire, count);
  return feature.kind == FeatureKind::kFloat ? WalkFloats(wire, count) : WalkInts(wire, count);
}

// Feature { oneof kind }. `error` is where it stands if it is false.
bool ParseFeature(Wire& wire, FeatureView& feature, absl::string_view& at) {
  at = wire.rest();
  if (wire.empty()) return true;
  char tag = 0;
  wire.Tag(tag);
  if (tag != kField1 && tag != kField2 && tag != kField3) return wire.Fail("an unknown kind of feature");
  feature.kind = tag == kField1 ? FeatureKind::kBytes : tag == kField2 ? FeatureKind::kFloat : FeatureKind::kInt64;
  if (!wire.Bytes(feature.list)) return false;
  at = wire.rest();
  if (!wire.empty()) return wire.Fail("a feature of two kinds");
  Wire list(feature.list);
  if (CheckList(list, feature)) return true;
  at = list.rest();
  return wire.Fail(list.error());
}

bool ParseEntry(Wire& wire, FeatureView& feature, absl::string_view& at) {
  absl::string_view value;
  const bool whole = wire.Expect(kField1, "a feature without a name") && wire.Bytes(feature.name) &&
                     wire.Expect(kField2, "a feature without a value") && wire.Bytes(value);
  at = wire.rest();
  if (!whole) return false;
  if (!wire.empty()) return wire.Fail("bytes behind a feature's value");
  Wire inner(value);
  return ParseFeature(inner, feature, at) || wire.Fail(inner.error());
}

bool HaveUniqueNames(const std::vector<FeatureView>& features) {
  if (features.size() > 16) {
    absl::flat_hash_set<absl::string_view> names;
    return std::all_of(features.begin(), features.end(), [&](const auto& f) { return names.insert(f.name).second; });
  }
  for (size_t i = 1; i < features.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (features[i].name == features[k].name) return false;
  return true;
}

bool ParseFeatures(Wire& wire, std::vector<FeatureView>& features, absl::string_view& at) {
  while (!wire.empty()) {
    absl::string_view entry;
    const bool whole = wire.Expect(kField1, "not a list of features") && wire.Bytes(entry);
    at = wire.rest();
    if (!whole) return false;
    Wire inner(entry);
    if (!ParseEntry(inner, features.emplace_back(), at)) return wire.Fail(inner.error());
  }
  return HaveUniqueNames(features) || wire.Fail("a feature's name is there twice");
}

}  // namespace

std::vector<absl::string_view> BytesOf(const FeatureView& feature) {
  std::vector<absl::string_view> values;
  Wire wire(feature.kind == FeatureKind::kBytes ? feature.list : "");
  WalkBytes(wire, [&](absl::string_view value) { values.push_back(value); });
  return values;
}

std::vector<float> FloatsOf(const FeatureView& feature) {
  std::vector<float> values;
  Wire wire(feature.kind == FeatureKind::kFloat ? feature.list : "");
  WalkFloats(wire, [&](float value) { values.push_back(value); });
  return values;
}

std::vector<int64_t> IntsOf(const FeatureView& feature) {
  std::vector<int64_t> values;
  Wire wire(feature.kind == FeatureKind::kInt64 ? feature.list : "");
  WalkInts(wire, [&](int64_t value) { values.push_back(value); });
  return values;
}

absl::Status ExampleView::Parse(absl::string_view record) {
  features_.clear();
  if (record.empty()) return absl::OkStatus();  // an Example without features
  Wire wire(record);
  absl::string_view features;
  absl::string_view at;  // what was not read yet, at an error
  bool good = wire.Expect(kField1, "not a message of features") && wire.Bytes(features);
  at = wire.rest();
  if (good && !wire.empty()) good = wire.Fail("bytes behind the features");
  Wire inner(features);
  if (good && !ParseFeatures(inner, features_, at)) good = wire.Fail(inner.error());
  if (good) return absl::OkStatus();
  features_.clear();
  return absl::DataLossError(absl::StrCat("the record is not a tf.train.Example: ", wire.error(), ", at byte ",
                                          at.data() == nullptr ? 0 : at.data() - record.data()));
}

const FeatureView* ExampleView::Find(absl::string_view name) const {
  for (const FeatureView& feature : features_)
    if (feature.name == name) return &feature;
  return nullptr;
}

absl::StatusOr<const FeatureView*> ExampleView::FindOne(absl::string_view name, FeatureKind kind,
                                                        absl::string_view noun) const {
  const FeatureView* feature = Find(name);
  if (feature == nullptr) return absl::DataLossError(absl::StrCat("the example has no feature '", name, "'"));
  if (feature->kind == kind && feature->values == 1) return feature;
  return absl::DataLossError(absl::StrCat("feature '", name, "' is not one ", noun));
}

absl::StatusOr<absl::string_view> ExampleView::Bytes(absl::string_view name) const {
  MILLRACE_ASSIGN_OR_RETURN(const FeatureView* feature, FindOne(name, FeatureKind::kBytes, "byte string"));
  absl::string_view value;
  Wire wire(feature->list);
  WalkBytes(wire, [&](absl::string_view found) { value = found; });
  return value;
}

absl::StatusOr<int64_t> ExampleView::Int(absl::string_view name) const {
  MILLRACE_ASSIGN_OR_RETURN(const FeatureView* feature, FindOne(name, FeatureKind::kInt64, "integer"));
  int64_t value = 0;
  Wire wire(feature->list);
  WalkInts(wire, [&](int64_t found) { value = found; });
  return value;
}

}  // namespace millrace
