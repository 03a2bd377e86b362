// Protobuf as the oracle of ExampleView: for its test and its fuzz target.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/record/example_view.h"
#include "proto/example.pb.h"

namespace millrace {

inline bool SameFeature(const FeatureView& view, const Feature& feature) {
  switch (feature.kind_case()) {
    case Feature::kBytesList: {
      const auto& values = feature.bytes_list().value();
      const auto found = BytesOf(view);
      return view.kind == FeatureKind::kBytes && std::equal(found.begin(), found.end(), values.begin(), values.end());
    }
    case Feature::kInt64List: {
      const auto& values = feature.int64_list().value();
      const auto found = IntsOf(view);
      return view.kind == FeatureKind::kInt64 && std::equal(found.begin(), found.end(), values.begin(), values.end());
    }
    case Feature::kFloatList: {
      const auto& values = feature.float_list().value();
      const auto found = FloatsOf(view);
      return view.kind == FeatureKind::kFloat && found.size() == static_cast<size_t>(values.size()) &&
             (found.empty() || std::memcmp(found.data(), values.data(), found.size() * sizeof(float)) == 0);
    }
    default:
      return view.kind == FeatureKind::kNone && view.values == 0;
  }
}

// Empty if protobuf reads the same features from the record that `view` was parsed from. Names that are not ASCII are
// not compared: protobuf refuses those that are not UTF-8.
inline std::string DifferenceToProtobuf(const ExampleView& view, absl::string_view record) {
  for (const FeatureView& feature : view.features())
    if (!std::all_of(feature.name.begin(), feature.name.end(), [](unsigned char c) { return c < 128; })) return "";
  Example example;
  if (!example.ParseFromArray(record.data(), static_cast<int>(record.size()))) return "protobuf refuses it";
  const auto& features = example.features().feature();
  if (features.size() != view.features().size()) return absl::StrCat("protobuf finds ", features.size(), " features");
  for (const FeatureView& feature : view.features()) {
    const auto found = features.find(std::string(feature.name));
    if (found == features.end() || !SameFeature(feature, found->second)) return std::string(feature.name);
  }
  return "";
}

}  // namespace millrace
