#include "worker/agent/task_runner.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "worker/agent/output_roots.h"
#include "worker/pipeline/estimate.h"
#include "worker/publish/claim.h"
#include "worker/publish/cleanup_task.h"
#include "worker/publish/publish_task.h"
#include "worker/scan/scan_task.h"

namespace millrace {
namespace {

class Runner {
 public:
  explicit Runner(const TaskRunnerOptions& options) : options_(options) {}

  absl::StatusOr<TaskResult> Run(TaskContext& context) {
    if (options_.confine_outputs)
      MILLRACE_RETURN_IF_ERROR(CheckOutputRoots(context.assignment.spec().output(), options_.file_roots));
    switch (context.assignment.work_case()) {
      case Assignment::kScan:
        return Scan(context);
      case Assignment::kWrite:
        return Write(context);
      case Assignment::kPublish:
        return Publish(context);
      case Assignment::kCleanup:
        return Cleanup(context);
      case Assignment::WORK_NOT_SET:
        break;
    }
    return absl::UnimplementedError("this worker does not know the task; is it older than the coordinator?");
  }

 private:
  absl::StatusOr<TaskResult> Scan(TaskContext& context) {
    if (context.assignment.spec().has_rows_from())
      MILLRACE_RETURN_IF_ERROR(CheckDatasetOf(context.store, context.assignment.spec().rows_from()));
    MILLRACE_RETURN_IF_ERROR(TakeClaim(context.store, context.assignment));
    ScanOptions scan;
    scan.encoding_version = EncodingVersion();
    scan.file_roots = options_.file_roots;
    scan.estimate_bytes = [&](absl::string_view path) {
      return EstimateRecordBytes(std::string(path), context.assignment.spec(), options_.file_roots);
    };
    TaskResult result;
    MILLRACE_ASSIGN_OR_RETURN(*result.mutable_scan(), RunScan(context, scan));
    return result;
  }

  absl::StatusOr<TaskResult> Write(TaskContext& context) {
    MILLRACE_RETURN_IF_ERROR(CheckClaimOnce(context));
    WriteOptions write;
    write.resources = options_.resources;
    write.file_roots = options_.file_roots;
    TaskResult result;
    MILLRACE_ASSIGN_OR_RETURN(*result.mutable_write(), RunWrite(context, write));
    return result;
  }

  absl::StatusOr<TaskResult> Publish(TaskContext& context) {
    TaskResult result;
    MILLRACE_ASSIGN_OR_RETURN(*result.mutable_publish(), RunPublish(context));
    return result;
  }

  absl::StatusOr<TaskResult> Cleanup(TaskContext& context) {
    TaskResult result;
    MILLRACE_ASSIGN_OR_RETURN(*result.mutable_cleanup(), RunCleanup(context));
    return result;
  }

  // Once a job is enough: a mount that goes away later shows as missing files, which are environmental
  // (docs/engine.md).
  absl::Status CheckClaimOnce(TaskContext& context) {
    const std::string& scan_dir = context.assignment.write().scan_dir();
    const std::string scan = absl::StrCat(context.assignment.nonce(), scan_dir);
    {
      MutexLock lock(&mu_);
      if (checked_.contains(scan)) return absl::OkStatus();
    }
    MILLRACE_RETURN_IF_ERROR(CheckClaim(context.store, context.assignment));
    MILLRACE_RETURN_IF_ERROR(CheckScan(context.store, context.assignment, scan_dir));
    MutexLock lock(&mu_);
    if (checked_.size() > 1000) checked_.clear();  // a daemon lives for ever; checking again is cheap
    checked_.insert(scan);
    return absl::OkStatus();
  }

  const TaskRunnerOptions options_;
  Mutex mu_;
  std::set<std::string> checked_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

Agent::TaskRunner MakeTaskRunner(const TaskRunnerOptions& options) {
  return [runner = std::make_shared<Runner>(options)](TaskContext& context) { return runner->Run(context); };
}

}  // namespace millrace
