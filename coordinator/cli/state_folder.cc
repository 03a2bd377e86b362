#include "coordinator/cli/state_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {

absl::StatusOr<std::string> StateFolder(const CliEnvironment& environment) {
  const std::string own = environment.variable("MILLRACE_STATE_DIR");
  if (!own.empty()) return AbsolutePath(own, environment.current_folder);
  const std::string xdg = environment.variable("XDG_STATE_HOME");
  // The XDG specification says: a relative path is invalid and ignored.
  if (!xdg.empty() && xdg[0] == '/') return AbsolutePath("millrace", xdg);
  const std::string home = environment.variable("HOME");
  if (!home.empty()) return AbsolutePath(".local/state/millrace", home);
  return absl::FailedPreconditionError("no place for state: set $MILLRACE_STATE_DIR to a folder on a local disk");
}

absl::Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return absl::OkStatus();
  const int error = errno;
  if (error == EEXIST && std::filesystem::is_directory(path)) return absl::OkStatus();
  const std::string parent = std::filesystem::path(path).parent_path().string();
  if (error != ENOENT || parent.empty() || parent == path)
    return absl::ErrnoToStatus(error, absl::StrCat("cannot make the folder ", Printable(path)));
  MILLRACE_RETURN_IF_ERROR(MakeFolder(parent));
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot make the folder ", Printable(path)));
}

std::string EmbeddedFolder(absl::string_view state, absl::string_view output) {
  return absl::StrCat(state, "/embedded/", ToHex(Xxh3Of(output)).substr(0, 16));
}

bool IsInUse(const std::string& folder) {
  const int fd = open(absl::StrCat(folder, "/lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool in_use = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);  // and with it the lock, if we got it
  return in_use;
}

std::string UpFolder(absl::string_view state) { return absl::StrCat(state, "/up"); }

Addresses ParseAddressFile(absl::string_view text) {
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  return {lines[0], lines.size() > 1 ? lines[1] : ""};
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", Printable(path)));
  std::ostringstream text;
  text << file.rdbuf();
  return std::string(absl::StripTrailingAsciiWhitespace(text.str()));
}

}  // namespace millrace::cli
