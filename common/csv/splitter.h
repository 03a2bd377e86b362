// Which split a row belongs to.
#pragma once

#include "absl/strings/string_view.h"

namespace millrace {

enum class SplitChoice { kTrain, kValidation, kTest, kDiscard, kUnknown };

// By the cell: TRAIN (TRAINING), VALIDATION (VALIDATE), TEST, DISCARD, without regard to case and surrounding blanks.
// Empty or UNASSIGNED: 80 % TRAIN, 10 % VALIDATION, 10 % TEST by a hash of the raw URI cell (XXH3-64 mod 10: 0–7, 8,
// 9), so that the same image is always in the same split.
SplitChoice ChooseSplit(absl::string_view cell, absl::string_view uri);

// Whether a cell is one of the words above (and not empty): how a headerless file with a split column is recognised.
bool IsSplitWord(absl::string_view cell);

}  // namespace millrace
