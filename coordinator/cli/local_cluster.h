// The coordinator and workers that `millrace up` runs in the background on this machine (files: state_folder.h).
// One thread; two `up` at once are kept apart by the coordinator's lock on its data folder.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/net/fetch_flags.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/process.h"
#include "coordinator/cli/state_folder.h"

namespace millrace::cli {

struct Daemon {
  std::string name;  // "coordinator", "w1"
  ProcessId process;
  bool alive = false;
  std::string log;  // path
};

struct UpOptions {
  int workers = 1;
  int port = 0;               // of the coordinator's RPC; 0: a free one
  int http_port = 0;          // of its HTTP; 0: a free one
  int threads = 0;            // cores for all workers together; 0: all
  std::string memory_budget;  // of each worker
  std::vector<std::string> file_roots;
  FetchFlags fetch;
};

class LocalCluster {
 public:
  // `folder`: STATE/up; need not exist.
  LocalCluster(std::string folder, const CliEnvironment& environment);

  // Daemons with a pid file, the coordinator first, then by name; dead ones too.
  std::vector<Daemon> List() const;
  // Empty unless the coordinator lives and has said where it listens.
  Addresses addresses() const;

  // Starts coordinator and workers and waits until all have registered. FAILED_PRECONDITION if one is running. On any
  // error everything started here is stopped again, and the message has the end of the daemon's log.
  absl::Status Start(const UpOptions& options);
  // SIGTERM: workers first, which drain, then the coordinator; waits up to `patience` for each group. Returns those
  // still alive then, after SIGKILL if `force`. Removes the pid files of the dead.
  absl::StatusOr<std::vector<Daemon>> Stop(absl::Duration patience, bool force);

 private:
  std::string PathOf(const std::string& name, const std::string& suffix) const;
  absl::Status Launch(const std::string& name, const std::vector<std::string>& argv);
  absl::Status StartCoordinator(const UpOptions& options);
  absl::Status StartWorkers(const UpOptions& options);
  absl::Status WaitFor(const std::string& what, const std::function<bool()>& ready) const;
  absl::Status CheckAlive() const;
  bool AllRegistered(size_t workers, CoordinatorClient& client) const;
  std::vector<Daemon> WaitForEnd(const std::vector<Daemon>& daemons, absl::Duration patience) const;
  absl::Status StopGroup(const std::vector<Daemon>& daemons, absl::Duration patience, bool force,
                         std::vector<Daemon>& left);

  const std::string folder_;
  const CliEnvironment& environment_;
};

}  // namespace millrace::cli
