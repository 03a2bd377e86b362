// Who owns an output folder: "_millrace.json", created only if absent before anything else, with job id and nonce.
// All functions are thread-safe and may be repeated.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/storage/storage.h"
#include "proto/task.pb.h"

namespace millrace {

inline constexpr absl::string_view kClaimName = "_millrace.json";

// Makes OUT this job's (called before the scan). OK if it is already. ALREADY_EXISTS, with what to do, if OUT belongs
// to another job or holds anything that is not ours. With spec.overwrite an older Millrace dataset is removed first:
// the files that its manifest names and our own metadata names, nothing else.
absl::Status TakeClaim(Store& store, const Assignment& assignment);

// For every other task: does this worker see the claim that the scan's worker made? FAILED_PRECONDITION if not: another
// disk is mounted here, or none.
absl::Status CheckClaim(const Store& store, const Assignment& assignment);

}  // namespace millrace
