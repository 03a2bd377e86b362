#include "worker/pipeline/helper_pool.h"

#include <algorithm>

#include "worker/pipeline/clock.h"

namespace millrace {

using Memory = RowPreparer::Memory;
using Outcome = RowPreparer::Outcome;

namespace {

// Prepares a slot that the caller has taken, if there is memory for it right now.
void PrepareTaken(const RowPreparer& preparer, RowSlot& slot, ImageTools& tools) {
  const bool done = preparer.Prepare(slot, tools, Memory::kTry) == Outcome::kDone;
  slot.state.store(done ? RowSlot::kDone : RowSlot::kOwned, std::memory_order_release);
  slot.state.notify_all();
}

}  // namespace

HelperPool::HelperPool(int threads) : threads_(std::max(threads, 1)) {
  for (int i = 1; i < threads_; ++i) helpers_.emplace_back([this] { Work(); });
}

HelperPool::~HelperPool() {
  stop_ = true;
  signal_.fetch_add(1);
  signal_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void HelperPool::Work() {
  ImageTools tools;
  while (!stop_) {
    const uint32_t seen = signal_.load();
    if (!HelpOnce(tools) && !stop_) signal_.wait(seen);
  }
}

// Prepares one offered row. False if there was none, or no core to spare.
bool HelperPool::HelpOnce(ImageTools& tools) {
  Attempt* attempt = nullptr;
  RowSlot* slot = nullptr;
  {
    MutexLock lock(&mu_);
    if (helping_ + static_cast<int>(attempts_.size()) >= threads_) return false;
    slot = TakeRow(attempt);
    if (slot == nullptr) return false;
    ++helping_;
    ++attempt->helping_;
  }
  PrepareTaken(attempt->preparer_, *slot, tools);
  MutexLock lock(&mu_);
  --helping_;
  --attempt->helping_;  // from here on the attempt may be gone
  return true;
}

RowSlot* HelperPool::TakeRow(Attempt*& attempt) {
  for (Attempt* candidate : attempts_) {
    for (RowSlot& slot : candidate->slots_) {
      if (!candidate->TakeOffered(slot)) continue;
      attempt = candidate;
      return &slot;
    }
  }
  return nullptr;
}

void HelperPool::CountSpare() { spare_ = threads_ - static_cast<int>(attempts_.size()); }

HelperPool::Attempt::Attempt(HelperPool& pool, const RowPreparer& preparer, std::vector<RowSlot>& slots)
    : pool_(pool), preparer_(preparer), slots_(slots) {
  MutexLock lock(&pool_.mu_);
  pool_.attempts_.push_back(this);
  pool_.CountSpare();
}

HelperPool::Attempt::~Attempt() {
  TakeBack();
  MutexLock lock(&pool_.mu_);
  pool_.attempts_.erase(std::find(pool_.attempts_.begin(), pool_.attempts_.end(), this));
  pool_.CountSpare();
  pool_.mu_.Await([this] { return helping_ == 0; });
}

void HelperPool::Attempt::Offer(RowSlot& slot) {
  slot.state.store(RowSlot::kOffered, std::memory_order_release);
  pool_.signal_.fetch_add(1);
  pool_.signal_.notify_one();
}

bool HelperPool::Attempt::TakeOffered(RowSlot& slot) {
  int offered = RowSlot::kOffered;
  return slot.state.compare_exchange_strong(offered, RowSlot::kTaken, std::memory_order_acq_rel);
}

Outcome HelperPool::Attempt::Prepare(size_t index, size_t ahead) {
  RowSlot& slot = slots_[index];
  if (TakeOffered(slot)) slot.state = RowSlot::kOwned;
  while (slot.state.load(std::memory_order_acquire) == RowSlot::kTaken) {
    HelpAhead(index, ahead);
    WaitWhileTaken(slot);
  }
  return slot.state.load(std::memory_order_acquire) == RowSlot::kDone ? Outcome::kDone : PrepareOwn(index);
}

// Instead of waiting for the helper: prepares later rows, as long as it is at work.
void HelperPool::Attempt::HelpAhead(size_t index, size_t ahead) {
  for (size_t k = 1; k <= ahead; ++k) {
    if (slots_[index].state.load(std::memory_order_acquire) != RowSlot::kTaken) return;
    RowSlot& later = slots_[(index + k) % slots_.size()];
    if (TakeOffered(later)) PrepareTaken(preparer_, later, tools_);
  }
}

void HelperPool::Attempt::WaitWhileTaken(RowSlot& slot) { slot.state.wait(RowSlot::kTaken, std::memory_order_acquire); }

Outcome HelperPool::Attempt::PrepareOwn(size_t index) {
  RowSlot& slot = slots_[index];
  Outcome outcome = preparer_.Prepare(slot, tools_, Memory::kTry);
  if (outcome == Outcome::kNoMemory) {
    TakeBack();  // it may wait only while it holds nothing
    outcome = preparer_.Prepare(slot, tools_, Memory::kWait);
  }
  if (outcome == Outcome::kDone) slot.state.store(RowSlot::kDone, std::memory_order_release);
  return outcome;
}

void HelperPool::Attempt::TakeBack() {
  for (RowSlot& slot : slots_) {
    if (TakeOffered(slot)) slot.state = RowSlot::kOwned;
    WaitWhileTaken(slot);
    slot.Release();
    slot.state.store(RowSlot::kOwned, std::memory_order_release);
  }
}

}  // namespace millrace
