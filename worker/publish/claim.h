// Who owns an output folder: "_millrace.json", created only if absent before anything else, with job id and nonce:
//
//   {"job_id":"3f2a","nonce":"00112233445566778899aabbccddeeff","version":"0.1.0"}
//
// All functions are thread-safe and may be repeated.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/storage/storage.h"
#include "proto/task.pb.h"

namespace millrace {

struct Claim {
  std::string job_id;
  std::string nonce;  // raw bytes
  bool IsOf(const Assignment& assignment) const {
    return job_id == assignment.task().job_id() && nonce == assignment.nonce();
  }
};

// The claim in `output`. NOT_FOUND if there is none, DATA_LOSS if it cannot be understood.
absl::StatusOr<Claim> ReadClaim(const Store& store, absl::string_view output);

// Makes OUT this job's (called before the scan). OK if it is already. ALREADY_EXISTS, with what to do, if OUT belongs
// to another job or holds anything that is not ours. With spec.overwrite an older Millrace dataset is removed first
// (worker/publish/older_dataset.h).
absl::Status TakeClaim(Store& store, const Assignment& assignment);

// Does the dataset there belong to that job still, and is it complete? FAILED_PRECONDITION if there is none (another
// disk?), INVALID_ARGUMENT if it is another job's.
absl::Status CheckDatasetOf(const Store& store, const RowsFrom& from);

// For every other task: does this worker see the claim that the scan's worker made? FAILED_PRECONDITION if not: another
// disk is mounted here, or none, or it may not read it.
absl::Status CheckClaim(const Store& store, const Assignment& assignment);

// Does this worker see what the scan that counts has written (`scan_dir`, below OUT)? FAILED_PRECONDITION if not: the
// scan began here too, and left its claim, but was finished by a worker that sees another disk.
absl::Status CheckScan(const Store& store, const Assignment& assignment, absl::string_view scan_dir);

}  // namespace millrace
