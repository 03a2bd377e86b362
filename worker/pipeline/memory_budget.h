// MemoryBudget: the bytes that all rows in flight in one process may hold. Thread-safe.
//
// No deadlock, no starvation: rows fetched ahead only TryAcquire; Acquire may block, is called only by an attempt that
// holds nothing, and is served in the order of arrival: while somebody waits, TryAcquire answers no.
#pragma once

#include <cstdint>
#include <deque>
#include <stop_token>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"

namespace millrace {

class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t bytes) : total_(bytes), free_(bytes) {}

  bool TryAcquire(int64_t bytes);
  // Waits. False if `stop` was requested meanwhile, or if `bytes` is above the whole budget.
  bool Acquire(int64_t bytes, std::stop_token stop);
  void Release(int64_t bytes);

  int64_t total() const { return total_; }
  int64_t in_use() const;

 private:
  const int64_t total_;
  mutable Mutex mu_;
  int64_t free_ ABSL_GUARDED_BY(mu_);
  uint64_t next_ticket_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<uint64_t> waiting_ ABSL_GUARDED_BY(mu_);
};

// Bytes of a budget held by one row; given back by the destructor. Not thread-safe.
class BudgetHold {
 public:
  BudgetHold() = default;
  BudgetHold(BudgetHold&& other) noexcept { *this = std::move(other); }
  BudgetHold& operator=(BudgetHold&& other) noexcept;
  ~BudgetHold() { Reset(); }

  // At least `bytes` in all, taking only what is missing. Without `stop` it does not wait. False: holds what it held
  // before.
  bool Grow(MemoryBudget& budget, int64_t bytes);
  // Gives everything back, then waits for `bytes`.
  bool Wait(MemoryBudget& budget, int64_t bytes, std::stop_token stop);
  void Reset();
  int64_t bytes() const { return bytes_; }

 private:
  MemoryBudget* budget_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace millrace
