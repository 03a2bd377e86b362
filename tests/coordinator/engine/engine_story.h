// The small language of the engine's tests: one job, workers by name, time by hand.
//
//   Submit("job", /*shards=*/2);
//   Scan("w1");                       // w1 is given the scan and answers it
//   Assignment shard = Give("w1");    // w1 syncs and is given one task
//   EXPECT_EQ(Finish("w1"), ACCEPTED) // it answers with what is expected of it
//
// Every Sync is followed by a Commit, as the service does it. At the end of each test the journal is replayed and must
// give the engine's state; so must every prefix be replayable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/engine/journal/memory_journal.h"
#include "coordinator/engine/service/engine.h"

namespace millrace {

constexpr int64_t kRowsPerShard = 100;

// A worker process as the engine sees it.
struct FakeWorker {
  WorkerInfo info;
  uint64_t sequence = 0;
  std::vector<AttemptReport> have;
  std::vector<Assignment> assignments;  // parallel to `have`
  SyncReply last;

  const Assignment& only() const { return assignments.at(0); }
};

class EngineStory : public testing::Test {
 protected:
  static constexpr auto ACCEPTED = SyncReply::Drop::ACCEPTED;
  static constexpr auto FENCED = SyncReply::Drop::FENCED;
  static constexpr auto REFUSED = SyncReply::Drop::REFUSED;

  void SetUp() override { Start(); }
  void TearDown() override;

  // ---- coordinator ----
  void Start();
  // The coordinator dies, with everything that was not committed, and starts again.
  void Restart();
  void Pass(absl::Duration time);  // and Tick
  Moment now() const { return moment_; }
  Engine& engine() { return *engine_; }

  // ---- jobs ----
  static JobSpec Spec(int64_t shards, const std::string& output = "/out");
  absl::Status Submit(const std::string& id, int64_t shards, const std::string& output = "/out");
  JobStatus Job(const std::string& id = "job");
  std::string Log(const std::string& id = "job");

  // ---- workers ----
  FakeWorker& Worker(const std::string& name);
  // The process dies and a new one of the same name starts.
  void RestartWorker(const std::string& name);
  SyncRequest Request(const std::string& name);
  // Sends a request and obeys the reply.
  SyncReply Sync(const std::string& name);
  SyncReply Send(const SyncRequest& request);  // without obeying
  void Obey(const std::string& name, const SyncReply& reply);
  // Syncs; what it was given. An empty assignment if nothing.
  Assignment Give(const std::string& name);
  // Ends its first attempt with `result` and syncs; the verdict.
  SyncReply::Drop::Verdict Finish(const std::string& name, const TaskResult& result);
  // As above with the result that a healthy worker would give.
  SyncReply::Drop::Verdict Finish(const std::string& name);
  SyncReply::Drop::Verdict Fail(const std::string& name, TaskFailure::Kind kind, const std::string& message = "broken");

  // The worker is given the scan of a job and ends it.
  void Scan(const std::string& name);
  // The worker does everything that is given to it until nothing is.
  void WorkOff(const std::string& name);

  // ---- results ----
  static TaskResult ResultOf(const Assignment& assignment);
  static TaskResult Written(const Assignment& assignment, int64_t dead_letters, int64_t environmental = 0);

  EngineOptions options_;
  MemoryJournal journal_;

 private:
  Moment moment_ = {absl::UnixEpoch() + absl::Hours(1), 1'700'000'000'000};
  std::unique_ptr<Engine> engine_;
  std::map<std::string, FakeWorker> workers_;
  int processes_ = 0;
};

}  // namespace millrace
