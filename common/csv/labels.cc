#include "common/csv/labels.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"

namespace millrace {

absl::Status LabelCounter::Add(int split, absl::string_view label) {
  auto it = counts_.find(label);
  if (it == counts_.end()) {
    if (counts_.size() == kMaxLabels)
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", WithThousands(kMaxLabels), " distinct labels; is `label` the right column?"));
    it = counts_.try_emplace(std::string(label)).first;
  }
  ++it->second[static_cast<size_t>(split)];
  return absl::OkStatus();
}

LabelCounter::Counts LabelCounter::OfSplit(int split) const {
  Counts counts;
  for (const auto& [label, by_split] : counts_)
    if (const int64_t rows = by_split[static_cast<size_t>(split)]; rows > 0) counts.emplace_back(label, rows);
  std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second, absl::string_view(a.first)) > std::pair(b.second, absl::string_view(b.first));
  });
  return counts;
}

std::vector<std::string> LabelCounter::Vocabulary() const {
  std::vector<std::string> vocabulary;
  for (auto& [label, rows] : OfSplit(0)) vocabulary.push_back(label);
  return vocabulary;
}

int64_t LabelCounter::Outside(const std::vector<std::string>& vocabulary) const {
  const absl::flat_hash_set<absl::string_view> known(vocabulary.begin(), vocabulary.end());
  int64_t rows = 0;
  for (const auto& [label, by_split] : counts_)
    if (!known.contains(label)) rows += by_split[0] + by_split[1] + by_split[2];
  return rows;
}

}  // namespace millrace
