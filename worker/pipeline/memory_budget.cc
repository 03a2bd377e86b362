#include "worker/pipeline/memory_budget.h"

#include <algorithm>

namespace millrace {

bool MemoryBudget::TryAcquire(int64_t bytes) {
  MutexLock lock(&mu_);
  if (!waiting_.empty() || bytes > free_) return false;
  free_ -= bytes;
  return true;
}

bool MemoryBudget::Acquire(int64_t bytes, std::stop_token stop) {
  if (bytes > total_) return false;
  // A stop must wake the wait below: an unlock makes it look again. Registered before the lock is taken, because it
  // runs at once if the stop has been requested already.
  std::stop_callback wake(stop, [this] { MutexLock lock(&mu_); });
  MutexLock lock(&mu_);
  const uint64_t ticket = next_ticket_++;
  waiting_.push_back(ticket);
  mu_.Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stop.stop_requested() || (waiting_.front() == ticket && bytes <= free_);
  });
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), ticket));
  if (stop.stop_requested()) return false;
  free_ -= bytes;
  return true;
}

void MemoryBudget::Release(int64_t bytes) {
  MutexLock lock(&mu_);
  free_ += bytes;
}

int64_t MemoryBudget::in_use() const {
  MutexLock lock(&mu_);
  return total_ - free_;
}

BudgetHold& BudgetHold::operator=(BudgetHold&& other) noexcept {
  if (this == &other) return *this;
  Reset();
  budget_ = std::exchange(other.budget_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

bool BudgetHold::Grow(MemoryBudget& budget, int64_t bytes) {
  if (bytes <= bytes_) return true;
  if (!budget.TryAcquire(bytes - bytes_)) return false;
  budget_ = &budget;
  bytes_ = bytes;
  return true;
}

bool BudgetHold::Wait(MemoryBudget& budget, int64_t bytes, std::stop_token stop) {
  Reset();
  if (!budget.Acquire(bytes, std::move(stop))) return false;
  budget_ = &budget;
  bytes_ = bytes;
  return true;
}

void BudgetHold::Reset() {
  if (budget_ != nullptr) budget_->Release(bytes_);
  budget_ = nullptr;
  bytes_ = 0;
}

}  // namespace millrace
