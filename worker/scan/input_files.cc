#include "worker/scan/input_files.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/dataset/uri.h"

namespace millrace {
namespace {

bool Exists(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

absl::StatusOr<std::vector<std::string>> Expand(const std::string& path) {
  // A file whose real name has brackets is itself, not a pattern.
  if (path.find_first_of("*?[") == std::string::npos || Exists(path)) return std::vector<std::string>{path};
  glob_t found = {};
  absl::Cleanup release = [&] { globfree(&found); };
  const int failed = glob(path.c_str(), GLOB_ERR, nullptr, &found);  // sorted by name
  if (failed == GLOB_NOMATCH) return absl::InvalidArgumentError(absl::StrCat("no file matches ", JsonEscape(path)));
  if (failed != 0) return absl::UnavailableError(absl::StrCat("cannot list the files of ", JsonEscape(path)));
  return std::vector<std::string>(found.gl_pathv, found.gl_pathv + found.gl_pathc);
}

// A folder gets a '/' at its end: so everybody sees what it is, and relative URIs lie below it.
absl::Status CheckKind(InputFormat format, std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, JsonEscape(path));
  const bool folder = S_ISDIR(info.st_mode);
  if (folder && format != INPUT_AUTO && format != INPUT_FOLDER)
    return absl::InvalidArgumentError(absl::StrCat(JsonEscape(path), " is a folder, not a file of the --input-format"));
  if (!folder && !S_ISREG(info.st_mode))
    return absl::InvalidArgumentError(absl::StrCat(JsonEscape(path), " is not a regular file"));
  if (!folder && format == INPUT_FOLDER)
    return absl::InvalidArgumentError(absl::StrCat(JsonEscape(path), " is a file, not a folder of pictures"));
  if (access(path.c_str(), folder ? R_OK | X_OK : R_OK) != 0) return absl::ErrnoToStatus(errno, JsonEscape(path));
  if (folder && !absl::EndsWith(path, "/")) path += '/';
  return absl::OkStatus();
}

absl::Status CheckRoots(const std::string& path, const std::vector<std::string>& roots) {
  if (roots.empty()) return absl::OkStatus();
  const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), &free);
  for (const std::string& root : roots)
    if (real && absl::StartsWith(absl::StrCat(real.get(), "/"), absl::StrCat(root, "/"))) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(JsonEscape(path), " lies outside this worker's --file-root"));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> InputFiles(const ConvertSpec& spec,
                                                    const std::vector<std::string>& file_roots) {
  std::vector<std::string> files;
  for (const std::string& input : spec.inputs()) {
    absl::StatusOr<std::string> path = ResolveUri(input, "/");
    if (!path.ok()) return absl::InvalidArgumentError(absl::StrCat(JsonEscape(input), ": ", path.status().message()));
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> found, Expand(*path));
    for (std::string file : found) {
      MILLRACE_RETURN_IF_ERROR(CheckKind(spec.input_format(), file));
      MILLRACE_RETURN_IF_ERROR(CheckRoots(file, file_roots));
      files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace millrace
