#include "common/input/input_format.h"

#include <utility>

#include "absl/strings/match.h"

namespace millrace {
namespace {

constexpr std::pair<absl::string_view, InputFormat> kEndings[] = {
    {".tsv", INPUT_TSV},           {".tab", INPUT_TSV},  {".jsonl", INPUT_JSON_LINES},
    {".ndjson", INPUT_JSON_LINES}, {".txt", INPUT_LIST},
};

}  // namespace

InputFormat FormatOf(absl::string_view path, InputFormat wanted) {
  if (wanted != INPUT_AUTO) return wanted;
  if (absl::EndsWith(path, "/")) return INPUT_FOLDER;
  if (absl::EndsWithIgnoreCase(path, ".gz")) path.remove_suffix(3);
  for (const auto& [ending, format] : kEndings)
    if (absl::EndsWithIgnoreCase(path, ending)) return format;
  return INPUT_CSV;
}

}  // namespace millrace
