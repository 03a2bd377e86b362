#include "coordinator/engine/service/job_flow.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "coordinator/engine/service/spec_check.h"
#include "coordinator/engine/state/job_words.h"
#include "coordinator/engine/state/planner.h"

namespace millrace {
namespace {

absl::string_view WithoutSlash(absl::string_view folder) {
  while (folder.size() > 1 && absl::EndsWith(folder, "/")) folder.remove_suffix(1);
  return folder;
}

}  // namespace

absl::StatusOr<bool> JobFlow::Submit(const SubmitJobRequest& request, absl::string_view nonce) {
  MILLRACE_RETURN_IF_ERROR(CheckJobId(request.job_id()));
  MILLRACE_RETURN_IF_ERROR(CheckSpec(request.spec()));
  if (const JobRecord* job = context_.Job(request.job_id())) {
    if (job->status.spec().SerializeAsString() == request.spec().SerializeAsString()) return true;
    return absl::AlreadyExistsError(absl::StrCat("job '", request.job_id(),
                                                 "' exists with another specification (other options, or its input "
                                                 "files have changed); choose another id"));
  }
  MILLRACE_RETURN_IF_ERROR(CheckWritable());
  MILLRACE_RETURN_IF_ERROR(CheckOutputIsFree(request.job_id(), request.spec().convert()));
  Update update;
  update.mutable_job_submitted()->set_job_id(request.job_id());
  *update.mutable_job_submitted()->mutable_spec() = request.spec();
  update.mutable_job_submitted()->set_nonce(std::string(nonce));
  context_.Stage(std::move(update));
  Settle(request.job_id());
  return false;
}

absl::Status JobFlow::CheckWritable() const {
  if (context_.live.read_only.empty()) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("the coordinator takes no jobs now: ", context_.live.read_only));
}

absl::Status JobFlow::CheckOutputIsFree(const std::string& job_id, const ConvertSpec& spec) const {
  for (const auto& [submitted, other] : context_.durable().running())
    if (other != job_id && WithoutSlash(context_.Job(other)->spec().output()) == WithoutSlash(spec.output()))
      return absl::FailedPreconditionError(absl::StrCat("job '", other, "' is writing to ", JsonEscape(spec.output()),
                                                        "; wait for it, cancel it, or choose another folder"));
  return absl::OkStatus();
}

absl::Status JobFlow::Cancel(const std::string& job_id) {
  const JobRecord& job = *context_.Job(job_id);
  if (job.state() == JOB_SUCCEEDED)
    return absl::FailedPreconditionError(
        absl::StrCat("job '", job_id, "' has succeeded; its dataset is in ", JsonEscape(job.spec().output())));
  if (job.state() == JOB_CANCELLED || (job.running() && job.stage() == STAGE_CLEANUP)) return absl::OkStatus();
  if (job.stage() == STAGE_PUBLISH && job.running())
    return absl::FailedPreconditionError(absl::StrCat(
        "job '", job_id, "' is past the point of no return: all its shards are written and are being published"));
  if (job.stage() == STAGE_SCAN)
    for (const EpochKey& epoch : context_.live.Job(job_id).tasks[kStageTask].attempts)
      context_.live.leaving[epoch] = *context_.live.FindAttempt(epoch);
  context_.FenceAll(job_id);
  Update update;
  update.mutable_cancel_requested()->set_job_id(job_id);
  context_.Stage(std::move(update));
  context_.live.ClearTasks(job_id);
  Settle(job_id);
  return absl::OkStatus();
}

absl::Status JobFlow::Retry(const std::string& job_id, absl::string_view nonce) {
  const JobRecord& job = *context_.Job(job_id);
  if (job.running()) return absl::FailedPreconditionError(absl::StrCat("job '", job_id, "' is still running"));
  if (job.state() == JOB_SUCCEEDED)
    return absl::FailedPreconditionError(absl::StrCat("job '", job_id, "' has succeeded: there is nothing to retry"));
  MILLRACE_RETURN_IF_ERROR(CheckWritable());
  MILLRACE_RETURN_IF_ERROR(CheckOutputIsFree(job_id, job.spec()));
  Update update;
  update.mutable_job_retried()->set_job_id(job_id);
  if (job.state() == JOB_CANCELLED) update.mutable_job_retried()->set_nonce(std::string(nonce));
  context_.Stage(std::move(update));
  context_.live.ClearTasks(job_id);
  Settle(job_id);
  return absl::OkStatus();
}

void JobFlow::Left(EpochKey scan) {
  const std::string job_id = context_.live.leaving.at(scan).job_id;
  context_.live.leaving.erase(scan);
  Settle(job_id);
}

void JobFlow::Settle(const std::string& job_id) {
  const JobRecord& job = *context_.Job(job_id);
  if (!job.running() || FailExhausted(job)) return;
  for (const auto& [epoch, scan] : context_.live.leaving)
    if (scan.job_id == job_id) return;  // see Left
  if (job.stage() == STAGE_CLEANUP) return SettleCleanup(job);
  const auto open_unless_live = [&](TaskSlot slot) {
    const LiveJob& live = context_.live.Job(job_id);
    auto it = live.tasks.find(slot);
    if (it == live.tasks.end() || it->second.attempts.empty()) context_.Open(job_id, slot);
  };
  if (job.stage() != STAGE_WRITE) open_unless_live(kStageTask);
  if (job.stage() == STAGE_WRITE)
    for (size_t i = 0; i < job.tasks.size(); ++i)
      if (!job.tasks[i].winner) open_unless_live(static_cast<TaskSlot>(i));
  Advance(job_id);
}

void JobFlow::SettleCleanup(const JobRecord& job) {
  if (job.claimants.empty()) {  // no scan was ever leased, so there is no claim
    Update update;
    update.mutable_job_finished()->set_job_id(job.id());
    update.mutable_job_finished()->set_state(JOB_CANCELLED);
    return EndForGood(std::move(update));
  }
  context_.Open(job.id(), kStageTask, context_.live.strangers_until - context_.moment.now);
}

void JobFlow::Advance(const std::string& job_id) {
  const JobRecord& job = *context_.Job(job_id);
  if (!job.running() || job.stage() != STAGE_WRITE) return;
  if (TooManyBadRows(job.spec(), job.status.counts().dead_letters(), job.status.rows_total()))
    Fail(job_id, TooManyBadRowsWords(job));
  else if (job.all_won())
    Publish(job_id);
}

// Only after a crash between two rows: otherwise a counted failure fails the job when it is counted (Results).
bool JobFlow::FailExhausted(const JobRecord& job) {
  const auto fail = [&](TaskSlot slot) {
    if (job.Task(slot)->failures < context_.options.max_attempts) return false;
    Fail(job.id(), absl::StrCat(TaskName(job, slot), " failed ", context_.options.max_attempts,
                                " times; the job's log says why"));
    return true;
  };
  if (job.stage() != STAGE_WRITE) return fail(kStageTask);
  for (size_t i = 0; i < job.tasks.size(); ++i)
    if (fail(static_cast<TaskSlot>(i))) return true;
  return false;
}

void JobFlow::Planned(const Attempt& attempt, const ScanResult& scan) {
  Update update;
  JobPlanned& row = *update.mutable_job_planned();
  row.set_job_id(attempt.job_id);
  *row.mutable_scan() = scan;
  const std::vector<WriteWork> plan = Plan(context_.Job(attempt.job_id)->spec(), scan);
  *row.mutable_tasks() = {plan.begin(), plan.end()};
  *row.mutable_epoch() = EpochOf(attempt.epoch);
  row.set_worker(attempt.worker);
  context_.Stage(std::move(update));
  Settle(attempt.job_id);
}

void JobFlow::Publish(const std::string& job_id) {
  if (!context_.options.faults.publish_before_journal) {
    Update update;
    update.mutable_job_publishing()->set_job_id(job_id);
    context_.Stage(std::move(update));
  }
  context_.Open(job_id, kStageTask);
}

void JobFlow::PublishAfterAll(const std::string& job_id) {
  context_.live.ClearTasks(job_id);
  Publish(job_id);
  context_.Note(job_id, "warning", "the dataset was complete already: the cancel came too late");
}

void JobFlow::Fail(const std::string& job_id, std::string error) {
  Update update;
  update.mutable_job_finished()->set_job_id(job_id);
  update.mutable_job_finished()->set_state(JOB_FAILED);
  update.mutable_job_finished()->set_error(std::move(error));
  End(std::move(update));
}

void JobFlow::Finish(const Attempt& attempt, JobState state, const PublishResult* result) {
  Update update;
  JobFinished& row = *update.mutable_job_finished();
  row.set_job_id(attempt.job_id);
  row.set_state(state);
  if (result != nullptr) *row.mutable_result() = *result;
  *row.mutable_epoch() = EpochOf(attempt.epoch);
  row.set_worker(attempt.worker);
  EndForGood(std::move(update));
}

void JobFlow::EndForGood(Update update) {
  const std::string job_id = update.job_finished().job_id();
  End(std::move(update));
  context_.state.Archive(job_id, context_.moment.unix_ms).IgnoreError();  // sticks
}

void JobFlow::End(Update update) {
  const std::string job_id = update.job_finished().job_id();
  context_.FenceAll(job_id);
  context_.Stage(std::move(update));
  context_.live.ClearTasks(job_id);
}

}  // namespace millrace
