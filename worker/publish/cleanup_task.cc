#include "worker/publish/cleanup_task.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/dataset/layout.h"
#include "worker/publish/claim.h"
#include "worker/publish/staging.h"

namespace millrace {

absl::Status RemoveIfEmpty(Store& store, absl::string_view folder) {
  absl::Status removed = store.Remove(folder);
  return absl::IsFailedPrecondition(removed) ? absl::OkStatus() : removed;
}

absl::Status RemoveJobStaging(Store& store, const Assignment& assignment) {
  MILLRACE_RETURN_IF_ERROR(store.RemoveTree(JobStagingFolder(assignment)));
  return RemoveIfEmpty(store, absl::StrCat(assignment.spec().output(), "/", kStagingFolder));
}

absl::Status RunCleanup(TaskContext& context) {
  const Assignment& assignment = context.assignment;
  const std::string& output = assignment.spec().output();
  absl::StatusOr<Claim> claim = ReadClaim(context.store, output);
  if (absl::IsUnavailable(claim.status())) return claim.status();
  if (!claim.ok() || !claim->IsOf(assignment)) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(RemoveJobStaging(context.store, assignment));
  MILLRACE_RETURN_IF_ERROR(context.store.Remove(absl::StrCat(output, "/", kClaimFile)));
  // A courtesy: OUT may be a mount point, or its parent may not be ours to write.
  context.store.Remove(output).IgnoreError();
  return absl::OkStatus();
}

absl::Status AbortAttempt(Store& store, const Assignment& assignment) {
  MILLRACE_RETURN_IF_ERROR(store.RemoveTree(AttemptStagingFolder(assignment)));
  // If this was the last of a job that is gone already (a worker that woke up after the cancel), nothing must remain.
  MILLRACE_RETURN_IF_ERROR(RemoveIfEmpty(store, JobStagingFolder(assignment)));
  return RemoveIfEmpty(store, absl::StrCat(assignment.spec().output(), "/", kStagingFolder));
}

}  // namespace millrace
