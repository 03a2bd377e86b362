// The publish task: makes everything that a job's attempts prepared visible, in the order
//
//   shards → transformed_metadata/, transform_fn/assets/, discarded-data-… , _stats.json → _manifest.json → _SUCCESS
//
// and then removes the staging folder. Each step is idempotent, so the task may die anywhere and be repeated by any
// worker; a reader that waits for _SUCCESS sees all or nothing. Failpoints: publish/begin, shard (one hit a shard),
// metadata, manifest, success, cleanup, done.
#pragma once

#include "absl/status/statusor.h"
#include "worker/task/task_context.h"

namespace millrace {

// Needs the claim (FAILED_PRECONDITION without it), polls context.stop between files. OK, with the same result, when
// everything is already published. A file of another content in the way is ALREADY_EXISTS: nothing is ever overwritten.
absl::StatusOr<PublishResult> RunPublish(TaskContext& context);

}  // namespace millrace
