// DurableState: what a coordinator must never forget. Changed only by Apply(Update) of a journaled update: no mutex,
// clock, I/O or randomness, so that replaying a journal gives exactly this state again (tests compare DebugString).
//
// Held mutably by JournaledState alone; everybody else sees it const.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/journal.pb.h"

namespace millrace {

// A task within its job: the position in the plan for write tasks, kStageTask for the one task of the other stages
// (scan, publish, cleanup).
using TaskSlot = int64_t;
inline constexpr TaskSlot kStageTask = -1;

// Epochs as map keys.
using EpochKey = std::pair<uint64_t, uint64_t>;
inline EpochKey KeyOf(const Epoch& epoch) { return {epoch.incarnation(), epoch.sequence()}; }

struct Winner {
  EpochKey epoch;
  std::string worker;
  WriteResult result;
};

struct TaskRecord {
  int failures = 0;                    // counted, in this generation
  std::vector<std::string> failed_on;  // worker names of those, without repetition
  std::vector<EpochKey> failed;        // their epochs: the same report heard again is not counted again
  std::optional<Winner> winner;        // write tasks only
  bool doubtful = false;               // failed after it was won (two different outputs): redone on retry
};

// One job. `status` is the durable part of what people see; the live part is added by Engine::Get.
struct JobRecord {
  JobStatus status;
  std::string nonce;
  uint32_t generation = 0;
  std::optional<ScanResult> scan;
  EpochKey scan_epoch = {0, 0};
  std::string scan_worker;
  std::set<std::string> claimants;  // workers that were given the scan: one of them made the claim
  std::vector<WriteWork> plan;
  std::vector<TaskRecord> tasks;  // of the plan
  bool unpublishing = false;      // cancelled after its publication had failed: files may be visible
  TaskRecord stage_task;          // of the current stage, if that is not WRITE
  std::optional<PublishResult> result;
  EpochKey end_epoch = {0, 0};  // of the attempt that ended the job

  std::deque<LogLine> log;  // the last kLogLines
  int64_t log_first = 0;    // lines dropped before log[0]

  const std::string& id() const { return status.job_id(); }
  const ConvertSpec& spec() const { return status.spec().convert(); }
  JobState state() const { return status.state(); }
  Stage stage() const { return status.stage(); }
  bool running() const { return state() == JOB_RUNNING; }
  bool all_won() const { return status.shards_done() == status.shards_total(); }
  // What the task is now: kind by stage, current generation.
  TaskKey KeyOfTask(TaskSlot slot) const;
  // Null if the slot is not a task of the current stage.
  const TaskRecord* Task(TaskSlot slot) const;
  TaskRecord* Task(TaskSlot slot) { return const_cast<TaskRecord*>(static_cast<const JobRecord*>(this)->Task(slot)); }
};

class DurableState {
 public:
  static constexpr size_t kLogLines = 500;  // a job
  static constexpr int kFirstBadRows = 10;  // a job

  // Cannot fail: what does not fit the state (an unknown job) is ignored; the engine validates before it journals.
  void Apply(const Update& update);

  uint64_t incarnation() const { return incarnation_; }
  const JobRecord* Find(absl::string_view job_id) const;
  // By id, so that prefixes are ranges.
  const std::map<std::string, JobRecord, std::less<>>& jobs() const { return jobs_; }
  // Jobs in JOB_RUNNING, oldest submission first.
  const std::set<std::pair<int64_t, std::string>>& running() const { return running_; }

  // The row that stands for a job that succeeded or was cancelled (JobArchived).
  static Update ArchiveOf(const JobRecord& job, int64_t unix_ms);
  // Everything, in a fixed order; for comparing states in tests.
  std::string DebugString() const;

 private:
  void On(const CoordinatorStarted& row, int64_t unix_ms);
  void On(const JobSubmitted& row, int64_t unix_ms);
  void On(const JobPlanned& row, int64_t unix_ms);
  void On(const TaskFailed& row, int64_t unix_ms);
  void On(const ShardWon& row, int64_t unix_ms);
  void On(const JobPublishing& row, int64_t unix_ms);
  void On(const JobFinished& row, int64_t unix_ms);
  void On(const CancelRequested& row, int64_t unix_ms);
  void On(const JobRetried& row, int64_t unix_ms);
  void On(const JobArchived& row, int64_t unix_ms);
  void On(const ScanLeased& row, int64_t unix_ms);
  void On(const JobNoted& row, int64_t unix_ms);

  JobRecord* FindMutable(absl::string_view job_id);
  void SetState(JobRecord& job, JobState state);

  uint64_t incarnation_ = 0;
  std::map<std::string, JobRecord, std::less<>> jobs_;
  std::set<std::pair<int64_t, std::string>> running_;  // (submitted, id)
};

}  // namespace millrace
