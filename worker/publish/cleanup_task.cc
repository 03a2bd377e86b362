#include "worker/publish/cleanup_task.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/dataset/layout.h"
#include "common/dataset/manifest.h"
#include "worker/publish/claim.h"
#include "worker/publish/staging.h"

namespace millrace {
namespace {

constexpr int64_t kMaxManifestBytes = 256 * kMiB;

// Whether a publication got to its end, whatever it then reported.
absl::StatusOr<bool> IsComplete(const Store& store, const std::string& output) {
  const absl::StatusOr<std::string> success = store.Read(absl::StrCat(output, "/", kSuccessFile), kMiB);
  if (absl::IsNotFound(success.status())) return false;
  MILLRACE_RETURN_IF_ERROR(success.status());
  const absl::StatusOr<std::string> manifest = store.Read(absl::StrCat(output, "/", kManifestFile), kMaxManifestBytes);
  if (absl::IsNotFound(manifest.status())) return false;
  MILLRACE_RETURN_IF_ERROR(manifest.status());
  return *success == SuccessText(*manifest);
}

// The manifest goes first, so that no reader of it finds files missing. A file under a shard's name that is not the
// shard stays: it is the user's, and perhaps the reason why the publication failed.
absl::Status Unpublish(Store& store, const std::string& output, const CleanupWork& work) {
  const auto remove = [&](absl::string_view name) { return store.Remove(absl::StrCat(output, "/", name)); };
  for (absl::string_view name : {kSuccessFile, kManifestFile}) MILLRACE_RETURN_IF_ERROR(remove(name));
  for (const PreparedFile& shard : work.shards()) {
    const absl::Status aborted = store.Abort(shard);
    if (absl::IsFailedPrecondition(aborted))
      MILLRACE_RETURN_IF_ERROR(store.Remove(shard.path()));
    else
      MILLRACE_RETURN_IF_ERROR(aborted);
  }
  for (absl::string_view name : {kSchemaFile, kVocabularyFile, kDeadLettersFile, kStatisticsFile})
    MILLRACE_RETURN_IF_ERROR(remove(name));
  const absl::string_view folders[] = {kIndexFolder, "transformed_metadata", "transform_fn/assets", "transform_fn"};
  for (absl::string_view folder : folders)
    MILLRACE_RETURN_IF_ERROR(RemoveIfEmpty(store, absl::StrCat(output, "/", folder)));
  return absl::OkStatus();
}

}  // namespace

absl::Status RemoveIfEmpty(Store& store, absl::string_view folder) {
  absl::Status removed = store.Remove(folder);
  return absl::IsFailedPrecondition(removed) ? absl::OkStatus() : removed;
}

absl::Status RemoveJobStaging(Store& store, const Assignment& assignment) {
  MILLRACE_RETURN_IF_ERROR(store.RemoveTree(JobStagingFolder(assignment)));
  return RemoveIfEmpty(store, absl::StrCat(assignment.spec().output(), "/", kStagingFolder));
}

absl::StatusOr<CleanupResult> RunCleanup(TaskContext& context) {
  const Assignment& assignment = context.assignment;
  const std::string& output = assignment.spec().output();
  CleanupResult result;
  absl::StatusOr<Claim> claim = ReadClaim(context.store, output);
  if (absl::IsUnavailable(claim.status()) || absl::IsPermissionDenied(claim.status())) return claim.status();
  if (!claim.ok() || !claim->IsOf(assignment)) {
    result.set_found_nothing(true);
    return result;
  }
  if (!assignment.cleanup().scan_dir().empty()) {
    const absl::Status scanned = CheckScan(context.store, assignment, assignment.cleanup().scan_dir());
    result.set_found_nothing(absl::IsFailedPrecondition(scanned));
    if (!result.found_nothing()) MILLRACE_RETURN_IF_ERROR(scanned);
  }
  if (assignment.cleanup().unpublish()) {
    MILLRACE_ASSIGN_OR_RETURN(const bool complete, IsComplete(context.store, output));
    result.set_complete(complete);
    if (complete) return result;
    MILLRACE_RETURN_IF_ERROR(Unpublish(context.store, output, assignment.cleanup()));
  }
  MILLRACE_RETURN_IF_ERROR(RemoveJobStaging(context.store, assignment));
  MILLRACE_RETURN_IF_ERROR(context.store.Remove(absl::StrCat(output, "/", kClaimFile)));
  // A courtesy: OUT may be a mount point, or its parent may not be ours to write.
  context.store.Remove(output).IgnoreError();
  return result;
}

absl::Status AbortAttempt(Store& store, const Assignment& assignment) {
  MILLRACE_RETURN_IF_ERROR(store.RemoveTree(AttemptStagingFolder(assignment)));
  // If this was the last of a job that is gone already (a worker that woke up after the cancel), nothing must remain.
  MILLRACE_RETURN_IF_ERROR(RemoveIfEmpty(store, JobStagingFolder(assignment)));
  MILLRACE_RETURN_IF_ERROR(RemoveIfEmpty(store, absl::StrCat(assignment.spec().output(), "/", kStagingFolder)));
  store.Remove(assignment.spec().output()).IgnoreError();  // as above; a job that lives has its claim in it
  return absl::OkStatus();
}

}  // namespace millrace
