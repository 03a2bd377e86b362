// One line of discarded-data-00000-of-00001: a JSON object that names the row and why it was not used.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace millrace {

// {"file":"images.csv","row":7,"line":8,"uri":"cat/7.jpg","reason":"decode/truncated","detail":"…"} and a line feed.
// Keys always in this order, all present. `file` is the input's name in a dataset (see InputNames), used instead of
// row.input. Bytes that are not UTF-8 become U+FFFD.
std::string DeadLetterLine(const BadRow& row, absl::string_view file);
// The reverse; `input` is the file's name. DATA_LOSS if it is no such line.
absl::StatusOr<BadRow> ParseDeadLetterLine(absl::string_view line);

// What a dataset calls the inputs with these absolute paths: their paths below the deepest folder that holds them all,
// a folder's without the '/' at its end.
// So its bytes do not depend on where that folder lies.
std::vector<std::string> InputNames(const std::vector<std::string>& inputs);

}  // namespace millrace
