#include "coordinator/cli/follow.h"

#include "absl/strings/str_cat.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/invocation.h"
#include "coordinator/cli/report.h"
#include "coordinator/cli/text.h"
#include "coordinator/cli/watch.h"

namespace millrace::cli {
namespace {

class Follower {
 public:
  Follower(CoordinatorClient& client, const std::string& job_id, const FollowOptions& options,
           const CliEnvironment& environment)
      : client_(client), job_id_(job_id), options_(options), environment_(environment), err_(*environment.err) {}

  int Run() {
    const auto watched = WatchJob(client_, job_id_, {.progress = options_.progress}, environment_);
    if (!watched.ok()) return Lost(watched.status());
    if (watched->end == WatchEnd::kEnded) return Ended(watched->job);
    return options_.choice.embedded() ? Cancel() : Detach(watched->job);
  }

 private:
  int Lost(const absl::Status& status) {
    if (!absl::IsUnavailable(status)) return Fail(environment_, status);
    return Fail(environment_, NameCoordinator(status, options_.choice),
                absl::StrCat("millrace jobs watch ", job_id_, options_.choice.FlagAgain(),
                             " (the job goes on when the coordinator is back)"));
  }

  int Ended(const JobStatus& job) {
    const std::string& folder = environment_.current_folder;
    if (options_.format == "json") *environment_.out << ResultJson(job) << std::endl;
    if (job.state() == JOB_SUCCEEDED) {
      err_ << BadRowLines("warning", job, folder) << std::flush;
      if (options_.format != "json") *environment_.out << ResultText(job, folder) << std::flush;
      return kDone;
    }
    if (job.state() == JOB_CANCELLED)
      err_ << "error: job " << Printable(job.job_id()) << " was cancelled\n  try: " << Again() << std::endl;
    else
      err_ << FailureText(job, folder, Again()) << std::flush;
    return kFailed;
  }

  std::string Again() const {
    if (options_.choice.embedded() && options_.same_command)
      return "mend the cause and run the same command again (finished shards are kept)";
    return absl::StrCat("millrace jobs retry ", job_id_, options_.choice.FlagAgain());
  }

  int Detach(const JobStatus& job) {
    err_ << "detached: job " << Printable(job_id_) << " goes on\n  to follow it: millrace jobs watch " << job_id_
         << options_.choice.FlagAgain() << "\n  to cancel it: millrace jobs cancel " << job_id_
         << options_.choice.FlagAgain() << std::endl;
    if (options_.format == "json") *environment_.out << ResultJson(job) << std::endl;
    return kInterrupted;
  }

  int Cancel() {
    const int seen = environment_.interrupts();
    err_ << "cancelling (Ctrl-C again exits at once) ..." << std::endl;
    CancelJobRequest request;
    request.set_job_id(job_id_);
    const auto cancelled = client_.CancelJob(request);
    if (!cancelled.ok() && !absl::IsFailedPrecondition(cancelled.status())) return Lost(cancelled.status());
    if (!cancelled.ok()) err_ << "too late to cancel: the dataset is being published; finishing" << std::endl;
    const auto watched = WatchJob(client_, job_id_, {.interrupts_seen = seen}, environment_);
    if (!watched.ok()) return Lost(watched.status());
    if (watched->end == WatchEnd::kInterrupted) return kInterrupted;
    if (watched->job.state() != JOB_CANCELLED) return Ended(watched->job);
    err_ << "cancelled; run the same command to start again" << std::endl;
    if (options_.format == "json") *environment_.out << ResultJson(watched->job) << std::endl;
    return kInterrupted;
  }

  CoordinatorClient& client_;
  const std::string& job_id_;
  const FollowOptions& options_;
  const CliEnvironment& environment_;
  std::ostream& err_;
};

}  // namespace

int FollowJob(CoordinatorClient& client, const std::string& job_id, const FollowOptions& options,
              const CliEnvironment& environment) {
  return Follower(client, job_id, options, environment).Run();
}

}  // namespace millrace::cli
