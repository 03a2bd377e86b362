// One line of discarded.jsonl and discarded-data-*: what a row was and why it is not in the dataset. No pixels.
#pragma once

#include <string>

#include "proto/job.pb.h"

namespace millrace {

// {"file":"/data/images.csv","row":7,"line":8,"uri":"cat/7.jpg","reason":"decode/truncated","detail":"…"} and a line
// break. Members always in this order. Bytes that are not UTF-8 become U+FFFD, so that every line is valid JSON.
std::string DeadLetterLine(const BadRow& row);

}  // namespace millrace
