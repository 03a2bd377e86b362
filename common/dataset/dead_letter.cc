#include "common/dataset/dead_letter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/dataset/json_object.h"

namespace millrace {

std::string DeadLetterLine(const BadRow& row, absl::string_view file) {
  return absl::StrCat("{\"file\":\"", JsonEscape(file), "\",\"row\":", row.row(), ",\"line\":", row.line(),
                      ",\"uri\":\"", JsonEscape(row.uri()), "\",\"reason\":\"", JsonEscape(row.reason()),
                      "\",\"detail\":\"", JsonEscape(row.detail()), "\"}\n");
}

absl::StatusOr<BadRow> ParseDeadLetterLine(absl::string_view line) {
  BadRow row;
  MILLRACE_RETURN_IF_ERROR(JsonObject::Parse(line, [&](const JsonObject& object) {
    row.set_input(object.Text("file"));
    row.set_row(object.Int("row"));
    row.set_line(object.Int("line"));
    row.set_uri(object.Text("uri"));
    row.set_reason(object.Text("reason"));
    row.set_detail(object.Text("detail"));
  }));
  return row;
}

std::vector<std::string> InputNames(const std::vector<std::string>& inputs) {
  std::vector<std::string> names;
  if (inputs.empty()) return names;
  std::vector<std::string> files;
  for (const std::string& input : inputs) files.emplace_back(absl::StripSuffix(input, "/"));
  absl::string_view shared = files[0];
  for (absl::string_view file : files) {
    const auto differ = std::mismatch(shared.begin(), shared.end(), file.begin(), file.end()).first;
    shared = shared.substr(0, static_cast<size_t>(differ - shared.begin()));
  }
  const size_t folder = shared.rfind('/') == absl::string_view::npos ? 0 : shared.rfind('/') + 1;
  for (const std::string& file : files)
    names.push_back(file.size() > folder ? file.substr(folder) : file.substr(file.rfind('/') + 1));
  return names;
}

}  // namespace millrace
