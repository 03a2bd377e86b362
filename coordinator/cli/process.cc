#include "coordinator/cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "coordinator/cli/state_folder.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

std::optional<uint64_t> StartTime(pid_t pid) {
  const auto stat = ReadSmallFile(absl::StrCat("/proc/", pid, "/stat"));
  return stat.ok() ? StartTimeOf(*stat) : std::nullopt;
}

// No signal blocked or ignored, whatever this process does with them.
void ResetSignals(posix_spawnattr_t* attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setsigdefault(attributes, &all);
  posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

void RedirectStreams(posix_spawn_file_actions_t* actions, const std::string& log) {
  posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
}

}  // namespace

std::string ProcessId::Text() const { return absl::StrCat(pid, " ", start_time); }

std::optional<ProcessId> ProcessId::Parse(absl::string_view text) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  ProcessId process;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &process.pid) || process.pid <= 0) return std::nullopt;
  if (!absl::SimpleAtoi(words[1], &process.start_time)) return std::nullopt;
  return process;
}

std::optional<uint64_t> StartTimeOf(absl::string_view stat_line) {
  // "pid (name) state ppid …": the name may hold spaces and brackets, so count from the last bracket.
  const size_t bracket = stat_line.rfind(") ");
  if (bracket == absl::string_view::npos) return std::nullopt;
  const std::vector<absl::string_view> fields = absl::StrSplit(stat_line.substr(bracket + 2), ' ');
  uint64_t start_time = 0;
  if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return std::nullopt;
  return absl::SimpleAtoi(fields[19], &start_time) ? std::optional<uint64_t>(start_time) : std::nullopt;
}

bool IsAlive(const ProcessId& process) {
  // A child of ours that has ended is a zombie until it is waited for.
  waitpid(process.pid, nullptr, WNOHANG);
  return StartTime(process.pid) == process.start_time;
}

absl::StatusOr<ProcessId> StartDaemon(const std::vector<std::string>& argv, const std::string& log) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  absl::Cleanup release = [&] {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  };
  ResetSignals(&attributes);
  RedirectStreams(&actions, log);
  std::vector<char*> arguments;
  for (const std::string& word : argv) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0].c_str(), &actions, &attributes, arguments.data(), environ);
  if (error != 0) return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", Printable(argv[0])));
  return ProcessId{pid, StartTime(pid).value_or(0)};
}

absl::Status Signal(const ProcessId& process, int signal_number) {
  if (!IsAlive(process)) return absl::OkStatus();
  if (kill(process.pid, signal_number) == 0 || errno == ESRCH) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot signal process ", process.pid));
}

}  // namespace millrace::cli
