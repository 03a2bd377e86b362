// `millrace up`, `status`, `down`.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "coordinator/cli/describe.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/invocation.h"
#include "coordinator/cli/local_cluster.h"
#include "coordinator/cli/state_folder.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

struct UpFlags {
  UpOptions up;
  std::string format = "text";
  int patience = 60;
  bool force = false;
};

std::string DaemonTable(const std::vector<Daemon>& daemons) {
  std::vector<std::vector<std::string>> rows = {{"DAEMON", ">PROCESS", "STATE", "LOG"}};
  for (const Daemon& daemon : daemons)
    rows.push_back({daemon.name, absl::StrCat(daemon.process.pid), daemon.alive ? "running" : "ended", daemon.log});
  return Table(rows);
}

int Up(UpFlags flags, LocalCluster& cluster, const CliEnvironment& environment) {
  for (std::string& root : flags.up.file_roots) root = AbsolutePath(root, environment.current_folder);
  const absl::Status status = cluster.Start(flags.up);
  if (absl::IsCancelled(status)) return kInterrupted;
  if (absl::IsFailedPrecondition(status)) return Fail(environment, status, "millrace status, or millrace down");
  if (!status.ok()) return Fail(environment, absl::InternalError(status.message()), "millrace doctor");
  *environment.out << "coordinator " << cluster.addresses().rpc << " with " << Count(flags.up.workers, "worker")
                   << ": commands of this user find it by themselves\n"
                   << "metrics     http://" << cluster.addresses().http << "/metrics\n"
                   << DaemonTable(cluster.List()) << "to stop them: millrace down" << std::endl;
  return kDone;
}

int Status(const UpFlags& flags, LocalCluster& cluster, const CliEnvironment& environment) {
  const auto [address, http] = cluster.addresses();
  if (address.empty())
    return Fail(environment, absl::UnavailableError("nothing is running that `millrace up` started"), "millrace up");
  const auto client = environment.connect(address);
  if (!client.ok()) return Fail(environment, client.status());
  const auto workers = (*client)->ListWorkers({});
  if (!workers.ok()) return Fail(environment, NameCoordinator(workers.status(), {address, "started by millrace up"}));
  const auto jobs = (*client)->ListJobs({});
  if (!jobs.ok()) return Fail(environment, jobs.status());
  if (flags.format == "json") {
    *environment.out << R"({"coordinator":")" << address << R"(","http":")" << http << "\","
                     << WorkerListJson(*workers).substr(1);
    return kDone;
  }
  int64_t running = 0;
  for (const JobStatus& job : jobs->jobs()) running += job.state() == JOB_RUNNING;
  *environment.out << "coordinator " << address << ", " << Count(running, "running job") << ", metrics at http://"
                   << http << "/metrics\n"
                   << DaemonTable(cluster.List()) << "\n"
                   << WorkerListText(*workers) << std::flush;
  return kDone;
}

int Down(const UpFlags& flags, LocalCluster& cluster, const CliEnvironment& environment) {
  const std::vector<Daemon> before = cluster.List();
  const auto left = cluster.Stop(absl::Seconds(flags.patience), flags.force);
  if (!left.ok()) return Fail(environment, absl::InternalError(left.status().message()));
  for (const Daemon& daemon : *left)
    *environment.err << "error: " << daemon.name << " (process " << daemon.process.pid << ") has not ended yet"
                     << std::endl;
  if (environment.interrupts() > 0) return kInterrupted;
  if (!left->empty()) *environment.err << "  try: millrace down --force" << std::endl;
  const int64_t alive = std::count_if(before.begin(), before.end(), [](const Daemon& daemon) { return daemon.alive; });
  if (alive == 0) *environment.out << "nothing was running" << std::endl;
  if (alive > 0 && left->empty())
    *environment.out << Count(alive, "daemon") << " stopped; unfinished jobs go on at the next `millrace up`"
                     << std::endl;
  return left->empty() ? kDone : kFailed;
}

template <typename Action>
void SetAction(CLI::App& command, Invocation& invocation, const std::shared_ptr<UpFlags>& flags, Action action) {
  command.callback([&invocation, flags, action] {
    invocation.run = [&invocation, flags, action] {
      const auto state = StateFolder(invocation.environment);
      if (!state.ok()) return Fail(invocation.environment, state.status());
      LocalCluster cluster(UpFolder(*state), invocation.environment);
      return action(*flags, cluster, invocation.environment);
    };
  });
}

void AddUpFlags(CLI::App& up, UpOptions& options) {
  up.add_option("--workers", options.workers, "Worker daemons (default 1; one uses all cores)")
      ->type_name("N")
      ->check(CLI::Range(1, 256).description(""));
  up.add_option("--port", options.port, "The coordinator's RPC port (default: a free one)")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535).description(""));
  up.add_option("--http-port", options.http_port, "Its HTTP port, with /metrics (default: a free one)")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535).description(""));
  up.add_option("--threads", options.threads, "Cores for all workers together (default: all)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  up.add_option("--memory-budget", options.memory_budget, "Memory of each worker (default 512MiB)")->type_name("SIZE");
  up.add_option("--file-root", options.file_roots,
                "Workers read images and write outputs only below this folder; may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
  options.fetch.AddTo(up);
}

}  // namespace

void AddUpDown(CLI::App& app, Invocation& invocation) {
  const auto flags = std::make_shared<UpFlags>();
  CLI::App& up = *app.add_subcommand("up", "Start a coordinator and workers in the background on this machine");
  AddUpFlags(up, flags->up);
  AddExamples(up, "millrace up --workers 3\nmillrace convert --input images.csv --output dataset\nmillrace down");
  SetAction(up, invocation, flags, Up);
  CLI::App& status = *app.add_subcommand("status", "What `millrace up` started, and how it is; exit 3 if nothing runs");
  AddFormat(status, flags->format);
  AddExamples(status, "millrace status");
  SetAction(status, invocation, flags, Status);
  CLI::App& down = *app.add_subcommand("down", "Stop what `millrace up` started; unfinished jobs are kept");
  down.add_option("--patience", flags->patience, "Seconds to wait for the daemons to end (default 60)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0, 3600).description(""));
  down.add_flag("--force", flags->force, "Kill what has not ended by then; no finished work is lost");
  AddExamples(down, "millrace down");
  SetAction(down, invocation, flags, Down);
}

}  // namespace millrace::cli
