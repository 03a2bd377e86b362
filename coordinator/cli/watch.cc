#include "coordinator/cli/watch.h"

#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

constexpr absl::Duration kRetryPause = absl::Milliseconds(250);

class Watcher {
 public:
  Watcher(CoordinatorClient& client, const std::string& job_id, const WatchOptions& options,
          const CliEnvironment& environment)
      : client_(client), options_(options), environment_(environment), progress_(options.progress, environment) {
    request_.set_job_id(job_id);
  }

  absl::StatusOr<Watched> Run() {
    while (true) {
      const auto job = Ask();
      if (!job.ok()) {
        progress_.End();
        return job.status();
      }
      if (*job) Show(**job);
      const bool ended = *job && HasEnded(**job);
      if (!ended && environment_.interrupts() <= options_.interrupts_seen) continue;
      progress_.End();
      return Watched{ended ? WatchEnd::kEnded : WatchEnd::kInterrupted, last_};
    }
  }

 private:
  // The job, or nothing while the coordinator is away and may still come back.
  absl::StatusOr<std::optional<JobStatus>> Ask() {
    request_.set_wait_ms(absl::ToInt64Milliseconds(progress_.Patience()));
    auto job = client_.GetJob(request_);
    if (job.ok()) {
      if (away_since_) progress_.Say("the coordinator is back");
      away_since_.reset();
      request_.set_after_version(job->version());
      return std::optional<JobStatus>(*std::move(job));
    }
    const absl::Time now = environment_.now();
    if (!absl::IsUnavailable(job.status())) return job.status();
    if (!away_since_) progress_.Say("the coordinator is away; waiting for it (finished work is not lost)");
    away_since_ = away_since_.value_or(now);
    if (now - *away_since_ >= options_.patience) return job.status();
    environment_.sleep(kRetryPause);
    return std::nullopt;
  }

  void Show(const JobStatus& job) {
    for (const std::string& warning : job.warnings())
      if (warned_.insert(warning).second)
        progress_.Say(absl::StrCat("warning: ", Printable(ShortenPathsIn(warning, environment_.current_folder))));
    progress_.Show(job);
    last_ = job;
  }

  CoordinatorClient& client_;
  const WatchOptions options_;
  const CliEnvironment& environment_;
  Progress progress_;
  GetJobRequest request_;
  JobStatus last_;
  std::set<std::string> warned_;
  std::optional<absl::Time> away_since_;
};

}  // namespace

absl::StatusOr<Watched> WatchJob(CoordinatorClient& client, const std::string& job_id, const WatchOptions& options,
                                 const CliEnvironment& environment) {
  return Watcher(client, job_id, options, environment).Run();
}

}  // namespace millrace::cli
