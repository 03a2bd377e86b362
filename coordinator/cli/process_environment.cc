// CliEnvironment of a real process.
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/exit_code.h"

namespace millrace {
namespace {

volatile sig_atomic_t interrupts = 0;

// The second Ctrl-C ends the process whatever it is doing; what is unfinished is continued by the same command.
void OnInterrupt(int) {
  interrupts = interrupts + 1;
  if (interrupts > 1) _exit(cli::kInterrupted);
}

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);  // `millrace jobs list | head` is no accident
}

std::string Variable(absl::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? "" : value;
}

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  int columns = 0;
  return absl::SimpleAtoi(Variable("COLUMNS"), &columns) && columns > 0 ? columns : 80;
}

}  // namespace

CliEnvironment ProcessEnvironment() {
  CatchInterrupts();
  std::ios::sync_with_stdio(false);
  CliEnvironment environment;
  environment.in = &std::cin;
  environment.out = &std::cout;
  environment.err = &std::cerr;
  std::cerr
      << std::nounitbuf;  // lines leave whole (each ends with a flush), also when several commands share a terminal
  // TERM=dumb (an editor's shell) cannot erase a line.
  environment.err_is_terminal = isatty(STDERR_FILENO) == 1 && Variable("TERM") != "dumb";
  environment.width = TerminalWidth;
  environment.variable = Variable;
  std::error_code ignored;
  environment.current_folder = std::filesystem::current_path(ignored).string();
  environment.program_folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string();
  environment.now = [] { return absl::Now(); };
  environment.sleep = [](absl::Duration duration) { absl::SleepFor(duration); };
  environment.interrupts = [] { return static_cast<int>(interrupts); };
  return environment;
}

}  // namespace millrace
