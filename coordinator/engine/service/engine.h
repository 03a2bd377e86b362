// Engine: all decisions of a coordinator (docs/engine.md). Who may do what, which result counts, what a job's state is.
//
// Pure in the sense of the simulator: one thread, no clock, transport or randomness inside. Time comes with each call
// (a Moment), random bytes come with Submit and Retry. Every call changes the state at once and appends to the journal,
// but nothing is durable before Commit():
//
//     auto reply = engine.Sync(request, moment);
//     if (!engine.Commit().ok()) exit;         // any number of calls share one Commit
//     send(reply);                             // never before Commit() returned OK
//
// Once the journal failed, the engine is dead: Commit and every other call answer UNAVAILABLE for ever, and what they
// answered since the last good Commit must not leave the process.
//
// Borrows the journal. Errors are for people (see CoordinatorClient for their codes).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/engine/journal/journal.h"
#include "coordinator/engine/service/engine_metrics.h"
#include "coordinator/engine/state/durable_state.h"
#include "coordinator/engine/state/engine_options.h"
#include "coordinator/engine/state/live_state.h"
#include "proto/client.pb.h"
#include "proto/task.pb.h"

namespace millrace {

// "Now", twice: leases follow `now`, which must never go back; journal and people get the wall clock.
struct Moment {
  absl::Time now;
  int64_t unix_ms = 0;
};

class Engine {
 public:
  Engine(EngineOptions options, Journal* journal);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Call once, first: replays the journal and begins a new incarnation (one row, made durable here). An error means
  // that the journal cannot be used.
  absl::Status Start(Moment moment);

  // Makes everything that was decided since the last Commit durable.
  absl::Status Commit();
  // Whether Commit would write something.
  bool dirty() const;

  // `why` not empty: there is hardly room for the journal any more. Until it is empty again no job is accepted or
  // retried, nothing is leased and no result is taken; workers go on with what they have and keep their results.
  void SetReadOnly(absl::string_view why);

  // ---- workers ----
  // Takes a worker's report and answers what to add and drop. Never parks: a reply that has nothing to say
  // (HasNews is false) may be held back by the caller as long as the request's wait_ms allows; see Park and Poll. A
  // request whose sequence is not above the last one of the same process is answered `superseded` and changes nothing.
  absl::StatusOr<SyncReply> Sync(const SyncRequest& request, Moment moment);
  static bool HasNews(const SyncReply& reply);
  // Tells that the newest request of this process is held back, so that TakeWoken may name it. Ends with its next Sync,
  // with a Poll that answers, or with Unpark (the caller has answered the request without news).
  void Park(absl::string_view process);
  void Unpark(absl::string_view process);
  // What there is to say to a process whose request is held back: the answer to its newest request, or nothing.
  std::optional<SyncReply> Poll(absl::string_view process, Moment moment);
  // The parked processes for which Poll may have news. Costs nothing when nothing happened, however many are parked.
  // The caller polls each; those without news stay parked.
  std::vector<std::string> TakeWoken(Moment moment);
  // Expires leases, ends back-offs, hold-back and quarantines, finds stragglers. Call at least once a second.
  void Tick(Moment moment);

  // ---- clients ----
  // `nonce`: 16 random bytes for the job's claim. Used only if a job is really created.
  absl::StatusOr<SubmitJobReply> Submit(const SubmitJobRequest& request, absl::string_view nonce, Moment moment);
  // The job now (after_version and wait_ms are the caller's business). Every call takes an id or a unique prefix.
  absl::StatusOr<JobStatus> Get(absl::string_view job_id, Moment moment) const;
  // As Get().version, cheaply; 0 for an unknown job. Not for prefixes.
  uint64_t Version(absl::string_view job_id) const;
  absl::StatusOr<std::string> ResolveJob(absl::string_view id_or_prefix) const;
  absl::StatusOr<ListJobsReply> List(Moment moment) const;
  absl::StatusOr<JobStatus> Cancel(absl::string_view job_id, Moment moment);
  // `nonce`: 16 random bytes, used when a cancelled job starts again.
  absl::StatusOr<JobStatus> Retry(absl::string_view job_id, absl::string_view nonce, Moment moment);
  // The lines after the cursor `after` (0: from the first kept line), at once.
  absl::StatusOr<GetJobLogReply> GetJobLog(absl::string_view job_id, int64_t after) const;
  absl::StatusOr<ListWorkersReply> ListWorkers(Moment moment) const;
  absl::StatusOr<DrainWorkerReply> DrainWorker(absl::string_view name, Moment moment);
  // Jobs whose version or log grew since the last call.
  std::vector<std::string> TakeChangedJobs();

  // ---- looking in ----
  EngineMetrics Metrics(Moment moment) const;
  const DurableState& durable() const;
  const LiveState& live() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace millrace
