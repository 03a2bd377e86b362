// Bringing a job to the coordinator so that the same command always means the same thing: start, continue, attach, or
// find that there is nothing to do. One thread.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/storage/storage.h"
#include "coordinator/cli/cli.h"
#include "proto/job.pb.h"

namespace millrace::cli {

struct Submission {
  JobStatus job;
  bool up_to_date = false;  // it succeeded before and its output is still there
  std::string note;         // what is worth saying when the job is not a new one
};

// What is known of the output folder without asking anybody.
struct OutputView {
  bool visible = true;    // this machine sees what the workers see
  bool complete = false;  // OUT/_SUCCESS is there
};
OutputView LookAtOutput(const Store& store, const std::string& output, bool this_machine);

// The job whose claim lies in `output`, or an empty string.
std::string ClaimOwner(const Store& store, const std::string& output);
// "3f2a" and its repetitions "3f2a-2", "3f2a-3", …
bool IsJobOrRepetition(absl::string_view id, absl::string_view job_id);

// The finished dataset in `output` if job `job_id` (or its repetition "<job_id>-2") made it: the answer to the same
// command without a coordinator.
std::optional<JobStatus> FinishedBefore(const Store& store, const JobSpec& spec, const std::string& job_id);

// New → started. Running → attached. Failed or cancelled → retried, with its finished shards. Succeeded → up to date,
// or, if its output is gone, submitted again as "<id>-2", "<id>-3", … `embedded` only chooses the words.
absl::StatusOr<Submission> SubmitOrContinue(CoordinatorClient& client, const std::string& job_id, const JobSpec& spec,
                                            const OutputView& output, bool embedded, const CliEnvironment& environment);

// Of an embedded coordinator, which serves this output alone: unfinished jobs of an earlier command with other inputs
// or options give up their claim, or they would hold the output for ever. Says so on err.
absl::Status GiveUpOthers(CoordinatorClient& client, const std::string& job_id, const CliEnvironment& environment);

}  // namespace millrace::cli
