#include "common/base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

sigset_t EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

absl::Status FileError(absl::string_view what, absl::string_view path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", what, " ", path));
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  std::ifstream file(path);
  std::string token;
  if (!file || !std::getline(file, token) || absl::StripAsciiWhitespace(token).empty())
    return absl::NotFoundError(absl::StrCat("cannot read a token from ", path));
  return std::string(absl::StripAsciiWhitespace(token));
}

}  // namespace

void BlockSignals() {
  const sigset_t set = EndSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

std::optional<int> WaitForSignal(absl::Duration timeout) {
  const sigset_t set = EndSignals();
  const timespec limit = absl::ToTimespec(timeout);
  const int signal_number = sigtimedwait(&set, nullptr, &limit);
  return signal_number > 0 ? std::optional<int>(signal_number) : std::nullopt;
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view text, int mode) {
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".tmp");
  const int fd = open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, static_cast<mode_t>(mode));
  if (fd < 0) return FileError("create", temporary);
  absl::Cleanup remove = [&] { unlink(temporary.c_str()); };
  const std::string line = absl::StrCat(text, "\n");
  const bool written = write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (close(fd) != 0 || !written) return FileError("write", temporary);
  if (rename(temporary.c_str(), path.c_str()) != 0) return FileError("create", path);
  std::move(remove).Cancel();
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadOrMakeToken(const std::string& path) {
  if (access(path.c_str(), F_OK) == 0) return ReadToken(path);
  const std::string token = RandomHex(32);
  MILLRACE_RETURN_IF_ERROR(WriteFileAtomically(path, token, 0600));
  return token;
}

absl::StatusOr<std::string> ClientToken(const std::string& path) {
  if (!path.empty()) return ReadToken(path);
  const char* token = std::getenv("MILLRACE_TOKEN");
  return std::string(token == nullptr ? "" : token);
}

std::string RandomHex(int bytes) {
  std::string raw(static_cast<size_t>(bytes), '\0');
  // Below 256 bytes getrandom is never short; it fails only on a kernel without it.
  if (getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size())) abort();
  return absl::BytesToHexString(raw);
}

}  // namespace millrace
