#include "worker/task/task_context.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

absl::string_view KindName(TaskKind kind) {
  switch (kind) {
    case TASK_SCAN:
      return "scan";
    case TASK_WRITE:
      return "write";
    case TASK_PUBLISH:
      return "publish";
    default:
      return "cleanup";
  }
}

}  // namespace

std::string JobStagingFolder(const Assignment& assignment) {
  // The nonce keeps a zombie's clean-up of a cancelled job away from what a later retry of the same job stages.
  return absl::StrCat(assignment.spec().output(), "/_staging/", assignment.task().job_id(), ".",
                      absl::BytesToHexString(absl::string_view(assignment.nonce()).substr(0, 4)));
}

std::string AttemptStagingFolder(const Assignment& assignment) {
  const TaskKey& task = assignment.task();
  const Epoch& epoch = assignment.epoch();
  return absl::StrCat(JobStagingFolder(assignment), "/", KindName(task.kind()), "-", task.index(), ".",
                      task.generation(), ".", epoch.incarnation(), "-", epoch.sequence());
}

}  // namespace millrace
