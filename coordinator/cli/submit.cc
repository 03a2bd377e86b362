#include "coordinator/cli/submit.h"

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/dataset/layout.h"
#include "common/dataset/manifest.h"
#include "coordinator/cli/progress.h"
#include "coordinator/cli/text.h"
#include "coordinator/cli/watch.h"

namespace millrace::cli {
namespace {

constexpr int64_t kMaxClaim = 64 << 10;
constexpr int kMaxRepetitions = 1000;

std::string Below(absl::string_view folder, absl::string_view name) { return absl::StrCat(folder, "/", name); }

bool Exists(const Store& store, const std::string& path) { return store.Open(path).ok(); }

JobStatus StatusFrom(const Manifest& manifest, const JobSpec& spec, const std::string& job_id) {
  JobStatus job;
  job.set_job_id(job_id);
  *job.mutable_spec() = spec;
  job.set_state(JOB_SUCCEEDED);
  job.set_stage(STAGE_DONE);
  *job.mutable_counts() = manifest.counts;
  job.set_rows_total(manifest.counts.rows());
  for (const ManifestFile& file : manifest.files) {
    if (file.kind != FileKind::kShard) continue;
    job.set_shards_total(job.shards_total() + 1);
    job.set_bytes_written(job.bytes_written() + file.bytes);
  }
  job.set_shards_done(job.shards_total());
  return job;
}

absl::StatusOr<JobStatus> WaitForEnd(CoordinatorClient& client, const std::string& job_id,
                                     const CliEnvironment& environment) {
  const int seen = environment.interrupts();
  MILLRACE_ASSIGN_OR_RETURN(Watched watched, WatchJob(client, job_id, {.interrupts_seen = seen}, environment));
  if (watched.end == WatchEnd::kInterrupted) return absl::CancelledError("interrupted");
  return watched.job;
}

absl::StatusOr<Submission> Retry(CoordinatorClient& client, const JobStatus& job) {
  RetryJobRequest request;
  request.set_job_id(job.job_id());
  MILLRACE_ASSIGN_OR_RETURN(JobStatus retried, client.RetryJob(request));
  const std::string kept =
      job.shards_total() > 0 && job.state() == JOB_FAILED
          ? absl::StrCat("; ", job.shards_done(), " of ", Count(job.shards_total(), "shard"), " are kept")
          : std::string();
  const char* before = job.state() == JOB_FAILED ? " failed before" : " was cancelled before";
  return Submission{retried, false, absl::StrCat("job ", job.job_id(), before, "; trying again", kept)};
}

}  // namespace

bool IsJobOrRepetition(absl::string_view id, absl::string_view job_id) {
  if (id == job_id) return true;
  int repetition = 0;
  return absl::ConsumePrefix(&id, job_id) && absl::ConsumePrefix(&id, "-") && absl::SimpleAtoi(id, &repetition);
}

std::string ClaimOwner(const Store& store, const std::string& output) {
  const auto text = store.Read(Below(output, kClaimFile), kMaxClaim);
  if (!text.ok()) return "";
  const auto claim = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!claim.is_object() || !claim.contains("job_id") || !claim["job_id"].is_string()) return "";
  return claim["job_id"].get<std::string>();
}

OutputView LookAtOutput(const Store& store, const std::string& output, bool this_machine) {
  const bool complete = Exists(store, Below(output, kSuccessFile));
  return {.visible = this_machine || complete, .complete = complete};
}

std::optional<JobStatus> FinishedBefore(const Store& store, const JobSpec& spec, const std::string& job_id) {
  const std::string& output = spec.convert().output();
  const std::string owner = ClaimOwner(store, output);
  if (!IsJobOrRepetition(owner, job_id) || !Exists(store, Below(output, kSuccessFile))) return std::nullopt;
  const auto manifest = ReadManifest(store, output);
  if (!manifest.ok()) return std::nullopt;
  return StatusFrom(*manifest, spec, owner);
}

absl::StatusOr<Submission> SubmitOrContinue(CoordinatorClient& client, const std::string& job_id, const JobSpec& spec,
                                            const OutputView& output, bool embedded,
                                            const CliEnvironment& environment) {
  std::string note;
  for (int repetition = 1; repetition <= kMaxRepetitions; ++repetition) {
    SubmitJobRequest request;
    request.set_job_id(repetition == 1 ? job_id : absl::StrCat(job_id, "-", repetition));
    *request.mutable_spec() = spec;
    MILLRACE_ASSIGN_OR_RETURN(const SubmitJobReply reply, client.SubmitJob(request));
    JobStatus job = reply.job();
    if (!reply.existed()) return Submission{job, false, note};
    if (job.state() == JOB_RUNNING && job.cancelling()) {
      MILLRACE_ASSIGN_OR_RETURN(job, WaitForEnd(client, job.job_id(), environment));
    }
    if (job.state() == JOB_RUNNING)
      return Submission{job, false,
                        absl::StrCat("job ", job.job_id(),
                                     embedded ? " was interrupted; going on with it (finished shards are kept)"
                                              : " is already running; following it")};
    if (job.state() != JOB_SUCCEEDED) return Retry(client, job);
    if (output.complete || !output.visible) return Submission{job, true, ""};
    note = absl::StrCat("job ", job.job_id(), " was done before, but its output is gone; converting again");
  }
  return absl::ResourceExhaustedError(absl::StrCat("job ", job_id, " was repeated too often: choose another --job-id"));
}

absl::Status GiveUpOthers(CoordinatorClient& client, const std::string& job_id, const CliEnvironment& environment) {
  MILLRACE_ASSIGN_OR_RETURN(const ListJobsReply jobs, client.ListJobs({}));
  for (const JobStatus& job : jobs.jobs()) {
    if (IsJobOrRepetition(job.job_id(), job_id) || job.state() == JOB_SUCCEEDED || job.state() == JOB_CANCELLED)
      continue;
    *environment.err << "note: an unfinished job of this output had other inputs or options (" << job.job_id()
                     << "); it is given up" << std::endl;
    CancelJobRequest request;
    request.set_job_id(job.job_id());
    const auto cancelled = client.CancelJob(request);
    // Not possible any more: it is being published, and its end decides who owns the output.
    if (!cancelled.ok() && !absl::IsFailedPrecondition(cancelled.status())) return cancelled.status();
    MILLRACE_RETURN_IF_ERROR(WaitForEnd(client, job.job_id(), environment).status());
  }
  return absl::OkStatus();
}

}  // namespace millrace::cli
