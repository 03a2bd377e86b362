#include "coordinator/cli/rows_from_job.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/session.h"
#include "coordinator/cli/state_folder.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

absl::StatusOr<JobStatus> Ask(CoordinatorClient& client, const std::string& job_id) {
  GetJobRequest request;
  request.set_job_id(job_id);
  return client.GetJob(request);
}

// Each output folder has a journal of its own; which one knows the job is seen by looking.
absl::StatusOr<JobStatus> LookInJournals(const std::string& job_id, const std::string& state,
                                         const CliEnvironment& environment) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(absl::StrCat(state, "/embedded"), error)) {
    EmbeddedOptions options;
    options.state_dir = entry.path().string();
    options.look_only = true;
    if (IsInUse(options.state_dir)) continue;
    auto session = Session::Open(Choice(), options, environment);
    if (!session.ok()) continue;  // another process was faster: it works on another output
    absl::StatusOr<JobStatus> job = Ask(session->client(), job_id);
    session->Close();
    if (!absl::IsNotFound(job.status())) return job;
  }
  return absl::InvalidArgumentError(absl::StrCat("--rows-from-job: no finished job ", Printable(job_id),
                                                 " was run by this user inside `millrace convert`; a coordinator's job "
                                                 "needs --coordinator"));
}

}  // namespace

absl::StatusOr<JobStatus> FindFinishedJob(const ConvertFlags& flags, const Choice& choice, const std::string& state,
                                          const CliEnvironment& environment) {
  absl::StatusOr<JobStatus> job;
  if (choice.embedded()) {
    job = LookInJournals(flags.rows_from_job, state, environment);
  } else {
    MILLRACE_ASSIGN_OR_RETURN(const auto client, environment.connect(choice.address));
    job = Ask(*client, flags.rows_from_job);
    if (absl::IsUnavailable(job.status())) return NameCoordinator(job.status(), choice);
    if (!job.ok()) return absl::InvalidArgumentError(absl::StrCat("--rows-from-job: ", job.status().message()));
  }
  MILLRACE_RETURN_IF_ERROR(job.status());
  if (job->state() == JOB_SUCCEEDED) return job;
  const absl::string_view instead = job->state() == JOB_RUNNING ? " is still running; wait for it"
                                    : job->state() == JOB_FAILED
                                        ? " has failed; `millrace jobs retry` tries its rows again"
                                        : " was cancelled; there is no dataset of it";
  return absl::InvalidArgumentError(absl::StrCat("--rows-from-job: job ", job->job_id(), instead));
}

absl::StatusOr<JobSpec> SpecOfRows(const ConvertFlags& flags, const JobStatus& job, const std::string& current_folder) {
  JobSpec made = job.spec();
  ConvertSpec& spec = *made.mutable_convert();
  spec.mutable_rows_from()->set_job_id(job.job_id());
  spec.mutable_rows_from()->set_dataset(job.spec().convert().output());
  spec.mutable_rows_from()->set_transient(flags.rows == "transient");
  spec.set_num_shards(0);
  MILLRACE_RETURN_IF_ERROR(SetPlace(flags, current_folder, spec));
  if (spec.output() == spec.rows_from().dataset())
    return absl::InvalidArgumentError(
        absl::StrCat("--output: ", Printable(spec.output()), " holds the dataset of job ", job.job_id(),
                     "; its failed rows become a dataset of their own, in another folder"));
  if (!flags.max_bad_rows.empty()) {
    MILLRACE_RETURN_IF_ERROR(ParseMaxBadRows(flags.max_bad_rows, spec));
  } else {
    spec.clear_max_bad_rows();
    spec.set_max_bad_fraction(1);
  }
  return made;
}

}  // namespace millrace::cli
