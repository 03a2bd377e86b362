#include "common/dataset/schema.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace millrace {
namespace {

constexpr absl::string_view kPresence = "  presence {\n    min_fraction: 1.0\n  }\n  shape {\n  }\n}\n";

std::string FeatureText(absl::string_view name, absl::string_view type, absl::string_view domain = "") {
  return absl::StrCat("feature {\n  name: \"", name, "\"\n  type: ", type, "\n", domain, kPresence);
}

}  // namespace

std::string SchemaText(int64_t labels) {
  // The dummy token of an empty vocabulary is a line as any other to tensorflow_transform: max is 0, not -1.
  const std::string domain = absl::StrCat("  int_domain {\n    min: -1\n    max: ", std::max<int64_t>(labels, 1) - 1,
                                          "\n    is_categorical: true\n  }\n");
  return absl::StrCat(FeatureText("image", "BYTES"), FeatureText("image_channels", "INT"),
                      FeatureText("image_height", "INT"), FeatureText("image_name", "BYTES"),
                      FeatureText("image_width", "INT"), FeatureText("label", "INT", domain),
                      FeatureText("split", "BYTES"));
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
