// Where the command line keeps what must outlive one command, all below one folder of the user:
//
//   STATE/                   $MILLRACE_STATE_DIR, else $XDG_STATE_HOME/millrace, else ~/.local/state/millrace; mode
//   0700
//     embedded/<output>/     journal of the jobs that `convert` ran itself; one folder an output folder
//     stdin/<hash>.csv       what was piped into `convert --input -`, named by its content; removed when the job
//     succeeded up/                    daemons started by `millrace up`
//       coordinator.address  two lines, RPC and HTTP address, written by the daemon once it listens
//       coordinator.pid      "pid start-time"; also w1.pid, w2.pid, …
//       coordinator.log      also w1.log, …
//       data/                the coordinator's --data-dir
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/cli/cli.h"

namespace millrace::cli {

// The path; FAILED_PRECONDITION if neither of the variables nor HOME is set.
absl::StatusOr<std::string> StateFolder(const CliEnvironment& environment);
// Makes a folder and its parents with mode 0700. The error names it.
absl::Status MakeFolder(const std::string& path);

// Where an embedded job of this output keeps its journal.
std::string EmbeddedFolder(absl::string_view state, absl::string_view output);
// Whether a process works in this folder right now: it holds flock(2) on FOLDER/lock, as every journal's owner does.
bool IsInUse(const std::string& folder);
std::string UpFolder(absl::string_view state);

// Where a coordinator listens, from the text of its address file; empty strings for what is missing.
struct Addresses {
  std::string rpc;
  std::string http;
};
Addresses ParseAddressFile(absl::string_view text);

// A small text file without its last line break; NOT_FOUND if there is none.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace millrace::cli
