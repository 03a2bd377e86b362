// `millrace jobs list|describe|watch|wait|logs|cancel|retry`.
#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/describe.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/follow.h"
#include "coordinator/cli/invocation.h"
#include "coordinator/cli/job_log.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

struct JobFlags {
  std::string id;
  CoordinatorFlags coordinator;
  std::string format = "text";
  std::string progress = "auto";
  bool follow = false;
  bool detach = false;
};

using JobAction = int (*)(CoordinatorClient&, const JobFlags&, const Choice&, const CliEnvironment&);

int FailAt(const absl::Status& status, const Choice& choice, const CliEnvironment& environment) {
  return Fail(environment, NameCoordinator(status, choice));
}

int List(CoordinatorClient& client, const JobFlags& flags, const Choice& choice, const CliEnvironment& environment) {
  const auto jobs = client.ListJobs({});
  if (!jobs.ok()) return FailAt(jobs.status(), choice, environment);
  *environment.out << (flags.format == "json" ? JobListJson(*jobs) : JobListText(*jobs, environment.current_folder));
  return kDone;
}

int Describe(CoordinatorClient& client, const JobFlags& flags, const Choice& choice,
             const CliEnvironment& environment) {
  GetJobRequest request;
  request.set_job_id(flags.id);
  const auto job = client.GetJob(request);
  if (!job.ok()) return FailAt(job.status(), choice, environment);
  *environment.out << (flags.format == "json" ? JobJson(*job) + "\n" : JobText(*job, environment.current_folder));
  return kDone;
}

int Watch(CoordinatorClient& client, const JobFlags& flags, const Choice& choice, const CliEnvironment& environment) {
  const auto mode = ParseProgressMode(flags.progress, environment.err_is_terminal);
  if (!mode.ok()) return Fail(environment, mode.status());
  return FollowJob(client, flags.id, {.progress = *mode, .format = flags.format, .choice = choice}, environment);
}

int Wait(CoordinatorClient& client, const JobFlags& flags, const Choice& choice, const CliEnvironment& environment) {
  return FollowJob(client, flags.id, {.format = flags.format, .choice = choice}, environment);
}

int Logs(CoordinatorClient& client, const JobFlags& flags, const Choice& choice, const CliEnvironment& environment) {
  const absl::Status status = PrintJobLog(client, flags.id, flags.follow, flags.format == "json", environment);
  if (absl::IsCancelled(status)) return kInterrupted;
  return status.ok() ? kDone : FailAt(status, choice, environment);
}

int Cancel(CoordinatorClient& client, const JobFlags& flags, const Choice& choice, const CliEnvironment& environment) {
  CancelJobRequest request;
  request.set_job_id(flags.id);
  const auto job = client.CancelJob(request);
  if (!job.ok()) return FailAt(job.status(), choice, environment);
  if (flags.format == "json") {
    *environment.out << JobJson(*job) << "\n";
  } else {
    *environment.out << "job " << Printable(job->job_id())
                     << (HasEnded(*job) ? " is cancelled\n" : " is being cancelled\n");
  }
  return kDone;
}

int Retry(CoordinatorClient& client, const JobFlags& flags, const Choice& choice, const CliEnvironment& environment) {
  RetryJobRequest request;
  request.set_job_id(flags.id);
  const auto job = client.RetryJob(request);
  if (!job.ok()) return FailAt(job.status(), choice, environment);
  const std::string kept = job->shards_total() > 0 ? absl::StrCat("; ", job->shards_done(), " of ",
                                                                  Count(job->shards_total(), "shard"), " are kept")
                                                   : "";
  *environment.err << "job " << Printable(job->job_id()) << " is tried again" << kept << std::endl;
  if (!flags.detach) return Watch(client, flags, choice, environment);
  *environment.out << (flags.format == "json" ? JobJson(*job) : job->job_id()) << "\n";
  return kDone;
}

CLI::App& AddJob(CLI::App& jobs, Invocation& invocation, const std::string& name, const std::string& help,
                 const std::shared_ptr<JobFlags>& flags, JobAction action) {
  CLI::App& command = *jobs.add_subcommand(name, help);
  if (name != "list")
    command.add_option("ID", flags->id, "The job, or the first letters of its id")->type_name("")->required();
  AddCoordinator(command, flags->coordinator.address);
  AddFormat(command, flags->format);
  AddExamples(command, absl::StrCat("millrace jobs ", name, name == "list" ? "" : " 3f2a"));
  command.callback([&invocation, flags, action] {
    invocation.run = [&invocation, flags, action] {
      const CliEnvironment& environment = invocation.environment;
      const auto client = ConnectTo(flags->coordinator, environment);
      if (!client.ok()) return Fail(environment, client.status());
      const int code = action(**client, *flags, ChooseCoordinator(flags->coordinator, environment), environment);
      environment.out->flush();
      return code;
    };
  });
  return command;
}

void AddProgress(CLI::App& command, JobFlags& flags) {
  command.add_option("--progress", flags.progress, "auto (default), plain, json or none; on stderr")
      ->type_name("WORD")
      ->check(CLI::IsMember({"auto", "plain", "json", "none"}).description(""));
}

}  // namespace

void AddJobs(CLI::App& app, Invocation& invocation) {
  const auto flags = std::make_shared<JobFlags>();
  CLI::App& jobs = *app.add_subcommand("jobs", "See, follow, cancel and retry a coordinator's jobs")->alias("job");
  jobs.require_subcommand(1);
  AddExamples(jobs, "millrace jobs list\nmillrace jobs describe 3f2a\nmillrace jobs retry 3f2a");
  AddJob(jobs, invocation, "list", "All jobs, newest first", flags, List);
  AddJob(jobs, invocation, "describe", "Everything about one job: counts, bad rows, operators, attempts", flags,
         Describe);
  AddProgress(AddJob(jobs, invocation, "watch", "Follow a job with its progress until it ends", flags, Watch), *flags);
  AddJob(jobs, invocation, "wait", "Wait until a job ends: exit 0 if it succeeded, 1 if not", flags, Wait);
  AddJob(jobs, invocation, "logs", "What happened to a job, line by line", flags, Logs)
      .add_flag("-f,--follow", flags->follow, "Go on with new lines until the job ends");
  AddJob(jobs, invocation, "cancel", "Stop a job and remove what it prepared", flags, Cancel);
  CLI::App& retry =
      AddJob(jobs, invocation, "retry", "Try a failed or cancelled job again; finished shards are kept", flags, Retry);
  AddProgress(retry, *flags);
  retry.add_flag("--detach", flags->detach, "Print the job's id and return");
}

}  // namespace millrace::cli
