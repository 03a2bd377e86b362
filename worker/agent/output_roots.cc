#include "worker/agent/output_roots.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"

namespace millrace {
namespace {

// Links followed as far as the path exists; what does not exist yet is appended as it stands.
std::string RealPath(absl::string_view path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(std::filesystem::path(std::string(path)), error);
  if (error) return "";
  std::string text = real.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace

absl::Status CheckOutputRoots(absl::string_view output, const std::vector<std::string>& roots) {
  if (roots.empty()) return absl::OkStatus();
  const std::string real = RealPath(output);
  for (const std::string& root : roots) {
    const std::string allowed = RealPath(root);
    if (!allowed.empty() && (real == allowed || absl::StartsWith(absl::StrCat(real, "/"),
                                                                 allowed == "/" ? "/" : absl::StrCat(allowed, "/"))))
      return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat("output folder ", JsonEscape(output),
                                                    " lies outside this worker's --file-root (",
                                                    absl::StrJoin(roots, ", "), ")"));
}

}  // namespace millrace
