// What every kind of task (scan, write, publish, cleanup) gets from the agent, and how it tells how far it is.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/storage/storage.h"
#include "proto/task.pb.h"

namespace millrace {

// The running numbers of one attempt. Thread-safe: the task writes, the agent reads a copy for each sync.
class ProgressMeter {
 public:
  void Update(const std::function<void(Progress&)>& change) {
    MutexLock lock(&mu_);
    change(progress_);
  }
  Progress Get() const {
    MutexLock lock(&mu_);
    return progress_;
  }

 private:
  mutable Mutex mu_;
  Progress progress_ ABSL_GUARDED_BY(mu_);
};

// Borrowed by the task for as long as it runs. A task polls `stop` at least once a row and then returns CANCELLED.
struct TaskContext {
  const Assignment& assignment;
  Store& store;
  ProgressMeter& progress;
  std::stop_token stop;
};

// "OUT/_staging/<job>.<nonce>/<kind>-<index>.<generation>.<incarnation>-<sequence>": names of one attempt, used by no
// other.
std::string AttemptStagingFolder(const Assignment& assignment);
// "OUT/_staging/<job>.<nonce>": all that the job stages.
std::string JobStagingFolder(const Assignment& assignment);

}  // namespace millrace
