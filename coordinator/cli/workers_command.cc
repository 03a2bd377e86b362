// `millrace workers list|drain`.
#include <CLI/CLI.hpp>
#include <memory>

#include "coordinator/cli/describe.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/invocation.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

struct WorkerFlags {
  std::string name;
  CoordinatorFlags coordinator;
  std::string format = "text";
};

int List(const WorkerFlags& flags, const CliEnvironment& environment) {
  const auto client = ConnectTo(flags.coordinator, environment);
  if (!client.ok()) return Fail(environment, client.status());
  const auto workers = (*client)->ListWorkers({});
  if (!workers.ok())
    return Fail(environment, NameCoordinator(workers.status(), ChooseCoordinator(flags.coordinator, environment)));
  *environment.out << (flags.format == "json" ? WorkerListJson(*workers) : WorkerListText(*workers)) << std::flush;
  return kDone;
}

int Drain(const WorkerFlags& flags, const CliEnvironment& environment) {
  const auto client = ConnectTo(flags.coordinator, environment);
  if (!client.ok()) return Fail(environment, client.status());
  DrainWorkerRequest request;
  request.set_name(flags.name);
  const auto reply = (*client)->DrainWorker(request);
  if (!reply.ok())
    return Fail(environment, NameCoordinator(reply.status(), ChooseCoordinator(flags.coordinator, environment)),
                absl::IsNotFound(reply.status()) ? "millrace workers list" : "");
  ListWorkersReply one;
  *one.add_workers() = reply->worker();
  if (flags.format == "json") {
    *environment.out << WorkerListJson(one) << std::flush;
  } else {
    *environment.out << "worker " << Printable(reply->worker().name())
                     << " drains: it gets no new work, finishes or hands back "
                     << Count(reply->worker().busy(), "running task") << ", and ends" << std::endl;
  }
  return kDone;
}

}  // namespace

void AddWorkers(CLI::App& app, Invocation& invocation) {
  const auto flags = std::make_shared<WorkerFlags>();
  CLI::App& workers = *app.add_subcommand("workers", "See and drain a coordinator's workers")->alias("worker");
  workers.require_subcommand(1);
  AddExamples(workers, "millrace workers list\nmillrace workers drain w2");
  CLI::App& list = *workers.add_subcommand("list", "All workers: state, slots, version, disk");
  CLI::App& drain = *workers.add_subcommand("drain", "Let a worker finish and end; nothing it did is lost");
  drain.add_option("NAME", flags->name, "The worker's name")->type_name("")->required();
  AddExamples(list, "millrace workers list --format json");
  AddExamples(drain, "millrace workers drain w2");
  for (CLI::App* command : {&list, &drain}) {
    AddCoordinator(*command, flags->coordinator.address);
    AddFormat(*command, flags->format);
    const auto action = command == &list ? List : Drain;
    command->callback([&invocation, flags, action] {
      invocation.run = [&invocation, flags, action] { return action(*flags, invocation.environment); };
    });
  }
}

}  // namespace millrace::cli
