// MemoryBudget: the bytes that all rows in flight in one process may hold. Thread-safe.
//
// No deadlock: rows fetched ahead only TryAcquire; Acquire may block, and is called only by an attempt that holds
// nothing.
#pragma once

#include <cstdint>
#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"

namespace millrace {

class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t bytes) : total_(bytes), free_(bytes) {}

  // A request above the whole budget is granted when everything is free: one image alone may exceed it.
  bool TryAcquire(int64_t bytes);
  // Waits. False if `stop` was requested meanwhile.
  bool Acquire(int64_t bytes, std::stop_token stop);
  void Release(int64_t bytes);

  int64_t total() const { return total_; }
  int64_t in_use() const;

 private:
  bool FitsLocked(int64_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const int64_t total_;
  mutable Mutex mu_;
  int64_t free_ ABSL_GUARDED_BY(mu_);
};

}  // namespace millrace
