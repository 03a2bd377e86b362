// The split of a row, from the words that TFRecorder and AutoML use.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace millrace {

enum class RowSplit { kTrain = 0, kValidation = 1, kTest = 2, kDiscard = 3, kUnknown = 4 };  // 0 to 2 as in task.proto

// TRAIN TRAINING, VALIDATION VALIDATE, TEST, DISCARD, in any case and with spaces around. UNASSIGNED or nothing:
// AssignSplit of the URI. Anything else is kUnknown.
RowSplit SplitOf(absl::string_view cell, absl::string_view image_uri);

// 80/10/10 by XXH3-64 of the raw URI cell modulo 10: 0 to 7 TRAIN, 8 VALIDATION, 9 TEST. The same image is in the same
// split wherever it stands, in every run.
RowSplit AssignSplit(absl::string_view image_uri);

// Is it a split word (or empty)? By it a file without a header tells whether its first column is the split.
bool IsSplitWord(absl::string_view cell);

}  // namespace millrace
