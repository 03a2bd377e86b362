// Which format an input has. Pure text.
#pragma once

#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace millrace {

// `wanted`, unless it is AUTO: then by the name. "/" at the end: a folder. .tsv .tab: TSV. .jsonl .ndjson: JSON lines.
// .txt: a list. All else: CSV. ".gz" behind it does not count; case does not either.
InputFormat FormatOf(absl::string_view path, InputFormat wanted);

}  // namespace millrace
