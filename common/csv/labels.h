// Counts labels by split, and makes the vocabulary: the order that gives each label its id.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace millrace {

// TRAIN, VALIDATION, TEST, as numbered by proto Split.
inline constexpr int kSplits = 3;

// One thread. Memory: the distinct labels, at most kMaxLabels.
class LabelCounter {
 public:
  static constexpr size_t kMaxLabels = 1'000'000;
  using Counts = std::vector<std::pair<std::string, int64_t>>;

  // RESOURCE_EXHAUSTED-like INVALID_ARGUMENT beyond kMaxLabels distinct labels: is the label column the right one?
  absl::Status Add(int split, absl::string_view label);
  void AddMissing(int split) { ++missing_[static_cast<size_t>(split)]; }

  int64_t missing(int split) const { return missing_[static_cast<size_t>(split)]; }
  // By count, then label, both descending: the order in which TFRecorder numbers labels
  // (tft.compute_and_apply_vocabulary).
  Counts OfSplit(int split) const;
  // The labels of TRAIN in that order: position = id.
  std::vector<std::string> Vocabulary() const;
  // Rows whose label is not in `vocabulary`.
  int64_t Outside(const std::vector<std::string>& vocabulary) const;

 private:
  absl::flat_hash_map<std::string, std::array<int64_t, kSplits>> counts_;
  std::array<int64_t, kSplits> missing_ = {};
};

}  // namespace millrace
