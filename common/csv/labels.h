// Counts labels by split, and makes the vocabulary: the order that gives each label its id.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

// TRAIN, VALIDATION, TEST, as numbered by proto Split.
inline constexpr int kSplits = 3;

// One thread. Memory: the distinct labels, at most kMaxLabels and kMaxLabelBytes.
class LabelCounter {
 public:
  static constexpr size_t kMaxLabels = 1'000'000;
  static constexpr size_t kMaxLabelBytes = 64 << 20;
  using Counts = std::vector<std::pair<std::string, int64_t>>;

  // INVALID_ARGUMENT beyond the limits: is the label column the right one?
  absl::Status Add(int split, absl::string_view label);
  void AddMissing(int split) { ++missing_[static_cast<size_t>(split)]; }

  // How often a label of `split` differed from the one added before it: few in an input that is sorted by label.
  int64_t changes(int split) const { return changes_[static_cast<size_t>(split)]; }
  int64_t missing(int split) const { return missing_[static_cast<size_t>(split)]; }
  // By count, then label, both descending: the order in which TFRecorder numbers labels
  // (tft.compute_and_apply_vocabulary).
  Counts OfSplit(int split) const;
  // The labels of TRAIN in that order: position = id.
  std::vector<std::string> Vocabulary() const;
  // Rows whose label is not in `vocabulary`.
  int64_t Outside(const std::vector<std::string>& vocabulary) const;

 private:
  using BySplit = std::array<int64_t, kSplits>;

  // A label of up to 16 bytes in two words that overlap: together with its size they are the label.
  struct ShortLabel {
    uint64_t first = 0, last = 0;
    size_t size = SIZE_MAX;
    BySplit* counts = nullptr;
  };

  absl::StatusOr<BySplit*> Find(absl::string_view label);
  absl::StatusOr<BySplit*> New(absl::string_view label);

  absl::node_hash_map<std::string, BySplit> counts_;
  std::array<ShortLabel, 256> recent_;  // by a hash of the words: most rows need no look into the table
  size_t label_bytes_ = 0;
  std::array<BySplit*, kSplits> last_ = {};  // of the label added last
  BySplit changes_ = {};
  BySplit missing_ = {};
};

}  // namespace millrace
