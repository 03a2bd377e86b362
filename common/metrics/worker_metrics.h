// The numbers of a worker daemon, for the agent to feed. Thread-safe; one object a process.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/metrics/metrics.h"
#include "proto/job.pb.h"
#include "proto/task.pb.h"

namespace millrace {

// How an attempt ended.
enum class AttemptOutcome { kAccepted, kFenced, kRefused, kFailed, kHandedBack };

// What is read at each scrape.
struct WorkerGauges {
  int64_t slots = 0;
  int64_t busy = 0;
  int64_t memory_budget_bytes = 0;
  int64_t memory_used_bytes = 0;  // of the budget
  int64_t free_disk_bytes = 0;
  bool draining = false;
  bool connected = false;  // the last sync was answered
};

class WorkerMetrics {
 public:
  // `reasons`: all that may be a dead letter's (common/dataset/reasons.h). `gauges` is called at each scrape, on the
  // HTTP server's threads. `metrics` outlives this.
  WorkerMetrics(Metrics* metrics, std::vector<std::string> reasons, std::function<WorkerGauges()> gauges);

  // Adds what an attempt did since `before` (empty for its first report): rows by outcome, bytes, operators.
  void AddProgress(const Progress& before, const Progress& now);
  // Adds the dead letters of a finished attempt (of a ScanResult or WriteResult).
  void AddDeadLetters(const google::protobuf::RepeatedPtrField<ReasonCount>& reasons);
  void CountAttempt(AttemptOutcome outcome);
  // A sync that was answered, or failed.
  void CountSync(bool answered);

 private:
  CounterFamily rows_;
  CounterFamily bytes_read_;
  CounterFamily bytes_written_;
  CounterFamily operator_rows_;
  CounterFamily operator_bytes_;
  CounterFamily operator_busy_;
  CounterFamily operator_wait_;
  CounterFamily attempts_;
  CounterFamily dead_letters_;
  CounterFamily syncs_;
};

}  // namespace millrace
