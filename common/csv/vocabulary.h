// Labels and their ids. Ids are positions in the vocabulary; a label outside it, and a missing one, is -1.
//
// TFRecorder's order (tft.compute_and_apply_vocabulary): labels of TRAIN by rows descending, ties by bytes
// *descending*. Counted here from the CSV, so that an image that fails later never changes an id.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace {

// Label → id. Read-only after it is made, so any number of threads may use it.
class Vocabulary {
 public:
  // INVALID_ARGUMENT: an empty label, one with a line break, or one that appears twice.
  static absl::StatusOr<Vocabulary> Create(std::vector<std::string> tokens);

  int64_t IdOf(absl::string_view label) const {
    auto found = ids_.find(label);
    return found == ids_.end() ? -1 : found->second;
  }
  const std::vector<std::string>& tokens() const { return tokens_; }

 private:
  std::vector<std::string> tokens_;
  absl::flat_hash_map<absl::string_view, int64_t> ids_;  // views of tokens_, whose buffer moves with it
};

struct LabelCount {
  std::string label;
  int64_t rows = 0;
};

// Counts labels by split while a CSV streams by. One thread.
class LabelCounter {
 public:
  static constexpr int kSplits = 3;
  static constexpr int64_t kMaxLabels = 1'000'000;
  static constexpr int64_t kMaxLabelBytes = int64_t{64} << 20;

  // `split`: 0 to 2 (RowSplit). An empty label counts as missing. INVALID_ARGUMENT beyond kMaxLabels distinct labels or
  // kMaxLabelBytes of them: the column then holds something else.
  absl::Status Count(int split, absl::string_view label);

  int64_t rows(int split) const { return rows_[split]; }
  int64_t missing(int split) const { return missing_[split]; }
  // How often a row of TRAIN had another label than the TRAIN row before it: few changes mean a sorted input.
  int64_t train_changes() const { return train_changes_; }
  // By rows descending, then by bytes descending: for split 0 this is the vocabulary.
  std::vector<LabelCount> Counts(int split) const;

 private:
  using Entry = std::pair<const std::string, std::array<int64_t, kSplits>>;
  absl::StatusOr<Entry*> Find(absl::string_view label);

  absl::flat_hash_map<std::string, std::array<int64_t, kSplits>> counts_;
  Entry* last_ = nullptr;  // of the row before: inputs are often sorted by label
  const Entry* last_train_ = nullptr;
  int64_t label_bytes_ = 0;
  int64_t train_changes_ = 0;
  std::array<int64_t, kSplits> rows_ = {};
  std::array<int64_t, kSplits> missing_ = {};
};

// No id and no line of a vocabulary file can hold a line break.
bool HasLineBreak(absl::string_view label);

// The lines to write to the vocabulary file: the tokens, or for an empty vocabulary tensorflow_transform's dummy token,
// without which its lookup table cannot be made.
std::vector<std::string> VocabularyLines(absl::Span<const std::string> tokens);

}  // namespace millrace
