#include "common/dataset/feature_check.h"

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace millrace {
namespace {

FeatureKind KindOf(FeatureSpec::Type type) {
  switch (type) {
    case FeatureSpec::Type::kBytes:
      return FeatureKind::kBytes;
    case FeatureSpec::Type::kFloat:
      return FeatureKind::kFloat;
    default:
      return FeatureKind::kInt64;
  }
}

absl::string_view NounOf(FeatureSpec::Type type) {
  return type == FeatureSpec::Type::kBytes ? "byte string" : type == FeatureSpec::Type::kFloat ? "float" : "integer";
}

std::string CheckOne(const FeatureView& feature, const FeatureSpec& spec, int64_t labels) {
  const std::string name = JsonEscape(spec.name);
  if (feature.kind != KindOf(spec.type)) return absl::StrCat("feature '", name, "' is no ", NounOf(spec.type));
  if (!spec.list && feature.values != 1)
    return absl::StrCat("feature '", name, "' has ", feature.values, " values, not one ", NounOf(spec.type));
  if (!spec.label) return "";
  for (int64_t label : IntsOf(feature))
    if (label < -1 || label >= labels) return absl::StrCat(name, " ", label, " is outside the vocabulary of ", labels);
  return "";
}

}  // namespace

std::string FindWrongFeature(const ExampleView& example, const std::vector<FeatureSpec>& specs, int64_t labels) {
  for (const FeatureSpec& spec : specs) {
    const FeatureView* feature = example.Find(spec.name);
    if (feature == nullptr) return absl::StrCat("the record has no feature '", JsonEscape(spec.name), "'");
    if (std::string wrong = CheckOne(*feature, spec, labels); !wrong.empty()) return wrong;
  }
  if (example.features().size() == specs.size()) return "";
  return absl::StrCat("the record has ", example.features().size(), " features, not ", specs.size());
}

}  // namespace millrace
