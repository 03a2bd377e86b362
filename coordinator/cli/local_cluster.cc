#include "coordinator/cli/local_cluster.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/daemon.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr absl::Duration kStartPatience = absl::Seconds(20);
constexpr absl::string_view kCoordinator = "coordinator";

// "w2" < "w10"; the coordinator is first.
bool Before(const Daemon& a, const Daemon& b) {
  const auto key = [](const Daemon& daemon) {
    return std::make_tuple(daemon.name != kCoordinator, daemon.name.size(), daemon.name);
  };
  return key(a) < key(b);
}

std::string LastLines(const std::string& log) {
  constexpr size_t kShown = 600;
  const auto text = ReadSmallFile(log);
  if (!text.ok() || text->empty()) return absl::StrCat(" (its log is empty: ", log, ")");
  return absl::StrCat("; the end of ", log, ": ", text->substr(text->size() - std::min(text->size(), kShown)));
}

}  // namespace

LocalCluster::LocalCluster(std::string folder, const CliEnvironment& environment)
    : folder_(std::move(folder)), environment_(environment) {}

std::string LocalCluster::PathOf(const std::string& name, const std::string& suffix) const {
  return absl::StrCat(folder_, "/", name, suffix);
}

std::vector<Daemon> LocalCluster::List() const {
  std::vector<Daemon> daemons;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    if (entry.path().extension() != ".pid") continue;
    const auto text = ReadSmallFile(entry.path().string());
    const auto process = text.ok() ? ProcessId::Parse(*text) : std::nullopt;
    if (!process) continue;
    const std::string name = entry.path().stem().string();
    daemons.push_back({name, *process, IsAlive(*process), PathOf(name, ".log")});
  }
  std::sort(daemons.begin(), daemons.end(), Before);
  return daemons;
}

Addresses LocalCluster::addresses() const {
  const auto daemons = List();
  if (daemons.empty() || daemons[0].name != kCoordinator || !daemons[0].alive) return {};
  return ParseAddressFile(ReadSmallFile(PathOf("coordinator", ".address")).value_or(""));
}

absl::Status LocalCluster::Launch(const std::string& name, const std::vector<std::string>& argv) {
  unlink(PathOf(name, ".log").c_str());
  MILLRACE_ASSIGN_OR_RETURN(const ProcessId process, StartDaemon(argv, PathOf(name, ".log")));
  return WriteFileAtomically(PathOf(name, ".pid"), process.Text(), 0600);
}

absl::Status LocalCluster::CheckAlive() const {
  for (const Daemon& daemon : List())
    if (!daemon.alive) return absl::InternalError(absl::StrCat(daemon.name, " ended at once", LastLines(daemon.log)));
  return absl::OkStatus();
}

absl::Status LocalCluster::WaitFor(const std::string& what, const std::function<bool()>& ready) const {
  const absl::Time deadline = environment_.now() + kStartPatience;
  while (!ready()) {
    MILLRACE_RETURN_IF_ERROR(CheckAlive());
    if (environment_.interrupts() > 0) return absl::CancelledError("interrupted");
    if (environment_.now() > deadline)
      return absl::DeadlineExceededError(absl::StrCat(what, " took longer than ", absl::ToInt64Seconds(kStartPatience),
                                                      " s; see the logs in ", folder_));
    environment_.sleep(kPoll);
  }
  return absl::OkStatus();
}

absl::Status LocalCluster::StartCoordinator(const UpOptions& options) {
  const std::string address_file = PathOf("coordinator", ".address");
  unlink(address_file.c_str());
  MILLRACE_RETURN_IF_ERROR(Launch(
      "coordinator", {environment_.program_folder + "/millrace-coordinator", "--listen",
                      absl::StrCat("127.0.0.1:", options.port), "--http", absl::StrCat("127.0.0.1:", options.http_port),
                      "--data-dir", folder_ + "/data", "--address-file", address_file}));
  return WaitFor("the coordinator's start", [&] { return ReadSmallFile(address_file).ok(); });
}

absl::Status LocalCluster::StartWorkers(const UpOptions& options) {
  const int cores = options.threads > 0 ? options.threads : static_cast<int>(std::thread::hardware_concurrency());
  const int threads = std::max(1, cores / std::max(1, options.workers));
  for (int i = 1; i <= options.workers; ++i) {
    const std::string name = absl::StrCat("w", i);
    std::vector<std::string> argv = {environment_.program_folder + "/millrace-worker",
                                     "--coordinator",
                                     addresses().rpc,
                                     "--name",
                                     name,
                                     "--http",
                                     "127.0.0.1:0",
                                     "--threads",
                                     absl::StrCat(threads)};
    if (!options.memory_budget.empty()) argv.insert(argv.end(), {"--memory-budget", options.memory_budget});
    for (const std::string& root : options.file_roots) argv.insert(argv.end(), {"--file-root", root});
    for (std::string& argument : options.fetch.ToArguments()) argv.push_back(std::move(argument));
    MILLRACE_RETURN_IF_ERROR(Launch(name, argv));
  }
  MILLRACE_ASSIGN_OR_RETURN(const auto client, environment_.connect(addresses().rpc));
  return WaitFor("the workers' registration",
                 [&] { return AllRegistered(static_cast<size_t>(options.workers), *client); });
}

bool LocalCluster::AllRegistered(size_t workers, CoordinatorClient& client) const {
  const auto known = client.ListWorkers({});
  if (!known.ok()) return false;
  size_t found = 0;
  for (size_t i = 1; i <= workers; ++i)
    found += static_cast<size_t>(std::any_of(known->workers().begin(), known->workers().end(), [&](const auto& worker) {
      return worker.name() == absl::StrCat("w", i);
    }));
  return found == workers;
}

absl::Status LocalCluster::Start(const UpOptions& options) {
  MILLRACE_RETURN_IF_ERROR(MakeFolder(folder_));
  for (const Daemon& daemon : List()) {
    if (daemon.alive)
      return absl::FailedPreconditionError(
          absl::StrCat(daemon.name, " is running already (process ", daemon.process.pid, ")"));
    unlink(PathOf(daemon.name, ".pid").c_str());
  }
  absl::Status status = StartCoordinator(options);
  if (status.ok()) status = StartWorkers(options);
  if (!status.ok()) Stop(absl::Seconds(5), /*force=*/true).IgnoreError();
  return status;
}

std::vector<Daemon> LocalCluster::WaitForEnd(const std::vector<Daemon>& daemons, absl::Duration patience) const {
  const absl::Time deadline = environment_.now() + patience;
  std::vector<Daemon> left = daemons;
  while (true) {
    left.erase(std::remove_if(left.begin(), left.end(), [](const Daemon& d) { return !IsAlive(d.process); }),
               left.end());
    if (left.empty() || environment_.now() >= deadline || environment_.interrupts() > 0) return left;
    environment_.sleep(kPoll);
  }
}

absl::Status LocalCluster::StopGroup(const std::vector<Daemon>& daemons, absl::Duration patience, bool force,
                                     std::vector<Daemon>& left) {
  for (const Daemon& daemon : daemons) MILLRACE_RETURN_IF_ERROR(Signal(daemon.process, SIGTERM));
  std::vector<Daemon> alive = WaitForEnd(daemons, patience);
  if (force) {
    for (const Daemon& daemon : alive) MILLRACE_RETURN_IF_ERROR(Signal(daemon.process, SIGKILL));
    alive = WaitForEnd(alive, absl::Seconds(5));
  }
  for (const Daemon& daemon : daemons)
    if (!IsAlive(daemon.process)) unlink(PathOf(daemon.name, ".pid").c_str());
  left.insert(left.end(), alive.begin(), alive.end());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Daemon>> LocalCluster::Stop(absl::Duration patience, bool force) {
  std::vector<Daemon> workers = List();
  std::vector<Daemon> coordinator;
  if (!workers.empty() && workers[0].name == kCoordinator) {
    coordinator.push_back(workers[0]);
    workers.erase(workers.begin());
  }
  std::vector<Daemon> left;
  MILLRACE_RETURN_IF_ERROR(StopGroup(workers, patience, force, left));
  MILLRACE_RETURN_IF_ERROR(StopGroup(coordinator, patience, force, left));
  return left;
}

}  // namespace millrace::cli
