// One line of discarded-data-00000-of-00001: a JSON object that names the row and why it was not used.
#pragma once

#include <string>

#include "proto/job.pb.h"

namespace millrace {

// {"file":"/data/images.csv","row":7,"line":8,"uri":"cat/7.jpg","reason":"decode/truncated","detail":"…"} and a line
// feed. Keys always in this order, all present. Bytes that are not UTF-8 become U+FFFD.
std::string DeadLetterLine(const BadRow& row);

}  // namespace millrace
