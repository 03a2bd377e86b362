#include "common/csv/labels.h"

#include <algorithm>
#include <cstring>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

template <typename Word>
uint64_t Load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Of at most 8 bytes from the start, and up to the end; shorter texts overlap.
uint64_t FirstWord(absl::string_view text) {
  if (text.size() >= 8) return Load<uint64_t>(text.data());
  if (text.size() >= 4) return Load<uint32_t>(text.data());
  return text.empty() ? 0 : Load<uint8_t>(text.data()) | Load<uint8_t>(text.data() + text.size() / 2) << 8;
}
uint64_t LastWord(absl::string_view text) {
  const char* const end = text.data() + text.size();
  if (text.size() >= 8) return Load<uint64_t>(end - 8);
  if (text.size() >= 4) return Load<uint32_t>(end - 4);
  return text.empty() ? 0 : Load<uint8_t>(end - 1);
}

}  // namespace

absl::Status LabelCounter::Add(int split, absl::string_view label) {
  ShortLabel key;
  ShortLabel* recent = nullptr;
  BySplit* counts = nullptr;
  if (label.size() <= 16) {
    key = {FirstWord(label), LastWord(label), label.size(), nullptr};
    recent = &recent_[(key.first * 0x9e3779b97f4a7c15 + key.last * 0xc2b2ae3d27d4eb4f) >> 56];
    if (recent->size == key.size && recent->first == key.first && recent->last == key.last) counts = recent->counts;
  }
  if (counts == nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(counts, Find(label));
    key.counts = counts;
    if (recent != nullptr) *recent = key;
  }
  const auto at = static_cast<size_t>(split);
  ++(*counts)[at];
  changes_[at] += last_[at] != counts;
  last_[at] = counts;
  return absl::OkStatus();
}

absl::StatusOr<LabelCounter::BySplit*> LabelCounter::Find(absl::string_view label) {
  const auto found = counts_.find(label);
  return found == counts_.end() ? New(label) : &found->second;
}

absl::StatusOr<LabelCounter::BySplit*> LabelCounter::New(absl::string_view label) {
  label_bytes_ += label.size();
  const bool too_many = counts_.size() == kMaxLabels;
  if (too_many || label_bytes_ > kMaxLabelBytes)
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", too_many ? WithThousands(kMaxLabels) : absl::StrCat(kMaxLabelBytes >> 20, " MiB of"),
                     " distinct labels; is `label` the right column?"));
  return &counts_.try_emplace(std::string(label)).first->second;
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
