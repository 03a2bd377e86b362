// EngineService: the Engine with a clock, a thread and patience. Requests from any thread queue up; the one engine
// thread handles them in batches, makes each batch durable with one commit, and only then answers. Long polls (Sync,
// GetJob, GetJobLog with wait_ms) are held here until there is news or their time is over.
//
// Owns the journal and the thread. Thread-safe. Callbacks run on the engine thread, without locks held: they may call
// any method but Shutdown, and must not block. Each is called exactly once; after Shutdown with UNAVAILABLE.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/engine/journal/journal.h"
#include "coordinator/engine/service/engine_metrics.h"
#include "coordinator/engine/state/engine_options.h"
#include "proto/client.pb.h"
#include "proto/job.pb.h"
#include "proto/task.pb.h"

namespace millrace {

template <typename T>
using Done = std::function<void(absl::StatusOr<T>)>;

struct EngineServiceOptions {
  EngineOptions engine;
  absl::Duration tick = absl::Milliseconds(200);    // leases, back-offs, stragglers
  absl::Duration longest_wait = absl::Seconds(60);  // no long poll is held longer, whatever it asks for
  // Watchers of a job hear of changes at most this often; of its end at once.
  absl::Duration progress_period = absl::Milliseconds(100);
  absl::Duration room_period = absl::Seconds(1);  // how often may_write is asked
  // Whether there is room for the journal; asked on the engine thread. An error's message says why
  // not: until it is OK again the engine is read-only (Engine::SetReadOnly).
  std::function<absl::Status()> may_write = [] { return absl::OkStatus(); };
  // The journal failed: what was promised cannot be kept, so the process must end (main.cc: log and _exit). Called
  // once, on the engine thread; every call waiting or to come is answered UNAVAILABLE.
  std::function<void(const absl::Status&)> on_fatal = [](const absl::Status&) {};
};

class EngineService {
 public:
  // Replays the journal and starts the thread. The error says why the journal cannot be used.
  static absl::StatusOr<std::unique_ptr<EngineService>> Start(EngineServiceOptions options,
                                                              std::unique_ptr<Journal> journal);
  ~EngineService();  // Shutdown
  EngineService(const EngineService&) = delete;
  EngineService& operator=(const EngineService&) = delete;

  void SubmitJob(const SubmitJobRequest& request, Done<SubmitJobReply> done);
  void GetJob(const GetJobRequest& request, Done<JobStatus> done);
  void ListJobs(const ListJobsRequest& request, Done<ListJobsReply> done);
  void CancelJob(const CancelJobRequest& request, Done<JobStatus> done);
  void RetryJob(const RetryJobRequest& request, Done<JobStatus> done);
  void GetJobLog(const GetJobLogRequest& request, Done<GetJobLogReply> done);
  void ListWorkers(const ListWorkersRequest& request, Done<ListWorkersReply> done);
  void DrainWorker(const DrainWorkerRequest& request, Done<DrainWorkerReply> done);
  void Sync(const SyncRequest& request, Done<SyncReply> done);

  // A snapshot, for /metrics. Waits for the engine thread (milliseconds).
  EngineMetrics Metrics();
  // The engine thread lives and the journal works. For /healthz.
  bool healthy() const;
  // Healthy, and not read-only. For /readyz.
  absl::Status Ready() const;

  // Handles what is queued, answers everything that waits (syncs with what there is to say, polls with what is known
  // now), commits, ends the thread. Idempotent.
  void Shutdown();

 private:
  class Loop;
  explicit EngineService(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace millrace
