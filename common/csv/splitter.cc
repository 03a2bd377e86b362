#include "common/csv/splitter.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/base/hash.h"

namespace millrace {
namespace {

constexpr std::pair<absl::string_view, SplitChoice> kWords[] = {
    {"TRAIN", SplitChoice::kTrain},    {"VALIDATION", SplitChoice::kValidation}, {"TEST", SplitChoice::kTest},
    {"TRAINING", SplitChoice::kTrain}, {"VALIDATE", SplitChoice::kValidation},   {"DISCARD", SplitChoice::kDiscard},
};

std::optional<SplitChoice> Find(absl::string_view word) {
  for (const auto& [name, choice] : kWords)
    if (absl::EqualsIgnoreCase(name, word)) return choice;
  return std::nullopt;
}

SplitChoice ByHash(absl::string_view uri) {
  const uint64_t tenth = Xxh3To64(uri) % 10;
  return tenth < 8 ? SplitChoice::kTrain : tenth == 8 ? SplitChoice::kValidation : SplitChoice::kTest;
}

}  // namespace

SplitChoice ChooseSplit(absl::string_view cell, absl::string_view uri) {
  // As nearly every row has it; comparisons with literals are a few instructions each.
  if (cell == "TRAIN") return SplitChoice::kTrain;
  if (cell == "VALIDATION") return SplitChoice::kValidation;
  if (cell == "TEST") return SplitChoice::kTest;
  const absl::string_view word = absl::StripAsciiWhitespace(cell);
  if (word.empty() || absl::EqualsIgnoreCase(word, "UNASSIGNED")) return ByHash(uri);
  return Find(word).value_or(SplitChoice::kUnknown);
}

bool IsSplitWord(absl::string_view cell) {
  const absl::string_view word = absl::StripAsciiWhitespace(cell);
  return absl::EqualsIgnoreCase(word, "UNASSIGNED") || Find(word).has_value();
}

}  // namespace millrace
