// EngineService::Loop: the engine thread, its queue and those who wait. Private to this folder.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "coordinator/engine/service/engine.h"
#include "coordinator/engine/service/engine_service.h"

namespace millrace {

class EngineService::Loop {
 public:
  Loop(EngineServiceOptions options, std::unique_ptr<Journal> journal);

  absl::Status Start();
  void Shutdown();
  bool healthy() const { return healthy_; }
  absl::Status Ready() const;
  EngineMetrics Metrics();

  // Runs `handle` on the engine thread; it answers `done`, now or later, through the methods below.
  template <typename T>
  void Call(Done<T> done, std::function<void(Done<T>)> handle) {
    if (!Enqueue([done, handle = std::move(handle)] { handle(done); })) done(Stopped());
  }

  // ---- engine thread only ----
  Engine& engine() { return engine_; }
  const Moment& moment() const { return moment_; }
  // Tells the caller once what was decided so far is durable; UNAVAILABLE if it never will be.
  template <typename T>
  void Answer(Done<T> done, absl::StatusOr<T> value) {
    answers_.push_back([done = std::move(done), value = std::move(value)](const absl::Status& durable) mutable {
      durable.ok() ? done(std::move(value)) : done(durable);
    });
  }
  void Sync(const SyncRequest& request, Done<SyncReply> done);
  void GetJob(const GetJobRequest& request, Done<JobStatus> done);
  void GetJobLog(const GetJobLogRequest& request, Done<GetJobLogReply> done);
  std::string RandomNonce();

 private:
  // A worker's newest request, held back. `quiet` is what it hears if nothing happens.
  struct ParkedSync {
    Done<SyncReply> done;
    SyncReply quiet;
    absl::Time deadline;
  };
  // A client's long poll. `answer(last)` answers if there is news (or if this is the last chance) and tells whether it
  // did.
  struct Watcher {
    std::string job_id;
    absl::Time deadline;
    absl::Time not_before;
    std::function<bool(bool last)> answer;
  };

  static absl::Status Stopped() { return absl::UnavailableError("the coordinator is shutting down"); }
  bool Enqueue(std::function<void()> request);

  void Run();
  // Waits for requests, a deadline or the end. Returns false at the end.
  bool TakeBatch(std::vector<std::function<void()>>& batch);
  void Handle(std::vector<std::function<void()>>& batch);
  void AnswerWoken();
  void AnswerOverdue(bool all);
  void AnswerWatchers(bool all);
  absl::Status Commit();
  void Deliver(const absl::Status& durable);

  void AnswerParked(const std::string& process, SyncReply reply);
  void Watch(const std::string& job_id, int64_t wait_ms, std::function<bool(bool last)> answer);
  absl::Time NextDeadline() const;
  void LookForRoom();
  void UpdateMoment();

  // Constant.
  const EngineServiceOptions options_;
  const std::unique_ptr<Journal> journal_;

  // Engine thread only (after Start).
  Engine engine_;
  Moment moment_;
  absl::Time next_tick_ = absl::InfinitePast();
  absl::Time next_look_ = absl::InfinitePast();
  std::map<std::string, ParkedSync> parked_;  // by process
  std::set<std::pair<absl::Time, std::string>> park_deadlines_;
  std::vector<Watcher> watchers_;
  std::vector<std::function<void(const absl::Status&)>> answers_;  // for after the commit
  absl::Duration sync_time_, journal_time_;
  absl::Status death_;  // why nothing can be promised any more

  std::atomic<bool> healthy_ = false;

  mutable Mutex mu_;
  absl::Status room_ ABSL_GUARDED_BY(mu_);  // of the newest look
  std::vector<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  EngineMetrics last_metrics_ ABSL_GUARDED_BY(mu_);  // once stopped

  std::thread thread_;
};

}  // namespace millrace
