// The command line `millrace`: parses, talks to a coordinator, tells people what happened. It knows no transport,
// engine or worker: main.cc hands those in as CliEnvironment, tests hand in fakes.
//
// One thread. RunCli returns the process's exit code and throws nothing:
//   0 done · 1 the job failed · 2 usage (bad flags, bad values) · 3 coordinator not reachable · 130 interrupted
//   (Ctrl-C)
// Results go to `out`; progress, messages and errors to `err`. Times are seconds or absl::Duration, sizes bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/client/coordinator_client.h"
#include "common/net/http_fetcher.h"
#include "common/storage/storage.h"

namespace millrace {

// A coordinator and its workers inside this process (`convert` without a coordinator, or --local).
struct EmbeddedOptions {
  int workers = 1;
  int threads = 0;                      // cores of all workers together; 0: all
  std::string state_dir;                // journal and lock; the same folder for the same output, so that a job resumes
  int64_t memory_budget = 0;            // bytes of the whole process; 0: 512 MiB
  std::vector<std::string> file_roots;  // inputs and images must lie below one of these; empty: anywhere
  HttpOptions fetch;                    // of images on the network
  bool look_only = false;               // no workers: only what the journal knows of its jobs
};

class Embedded {
 public:
  virtual ~Embedded() = default;
  virtual CoordinatorClient& client() = 0;  // owned; valid until Shutdown
  // Stops the workers and closes the journal; unfinished work is kept and resumed by the next start. Once.
  virtual void Shutdown() = 0;
};

// Everything the commands get from outside. The streams are borrowed; all functions but `judge_state_folder` must be
// set.
struct CliEnvironment {
  // "host:port" → a client that connects at its first call. INVALID_ARGUMENT for an address that is none.
  std::function<absl::StatusOr<std::unique_ptr<CoordinatorClient>>(const std::string& address)> connect;
  std::function<absl::StatusOr<std::unique_ptr<Embedded>>(const EmbeddedOptions& options)> start_embedded;
  std::function<std::unique_ptr<Store>()> make_store;
  // Whether a journal may lie in this folder, for `doctor`: an empty string, or a doubt about its file system; an error
  // if it is refused there. May be null.
  std::function<absl::StatusOr<std::string>(const std::string& folder)> judge_state_folder;

  std::istream* in = nullptr;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool err_is_terminal = false;
  std::function<int()> width;  // columns of the terminal; asked before every redraw

  std::function<std::string(absl::string_view name)> variable;  // an environment variable; empty: not set
  std::string current_folder;                                   // absolute
  std::string program_folder;                                   // absolute: where the daemons' binaries are

  std::function<absl::Time()> now;
  std::function<void(absl::Duration)> sleep;
  std::function<int()> interrupts;  // how often Ctrl-C was pressed since the start
};

// What a real process has: standard streams, terminal, variables, folders, clock, and a SIGINT handler (the second
// Ctrl-C ends the process at once with 130). Call once, in main. The four functions above are left to the caller.
CliEnvironment ProcessEnvironment();

int RunCli(int argc, const char* const* argv, const CliEnvironment& environment);

}  // namespace millrace
