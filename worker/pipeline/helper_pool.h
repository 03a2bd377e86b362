// HelperPool: idle cores prepare rows for attempts that could use them.
//
// An attempt works on its own thread and needs no other. While fewer attempts than threads are running, it offers the
// slots of its next rows, and helper threads take them; "help first": what no helper has started when the attempt needs
// it, it does itself. With as many attempts as threads nothing is offered, and a row costs no lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "worker/pipeline/row_preparer.h"

namespace millrace {

// Thread-safe. Its destructor joins the threads; all attempts have ended before.
class HelperPool {
 public:
  // Of one running attempt. Its methods are for the attempt's thread; the destructor waits for helpers at work in its
  // slots.
  class Attempt {
   public:
    // Borrows all; `slots` is the ring.
    Attempt(HelperPool& pool, const RowPreparer& preparer, std::vector<RowSlot>& slots);
    ~Attempt();
    Attempt(const Attempt&) = delete;

    // Whether there are cores that no attempt uses.
    bool HasHelpers() const { return pool_.spare_.load(std::memory_order_relaxed) > 0; }
    // Makes the slot, whose row is set, available to helpers.
    void Offer(RowSlot& slot);
    // Returns when slots[index] is prepared, by whomever; kDone or kStopped. The `ahead` slots behind it in the ring
    // are those that hold later rows.
    RowPreparer::Outcome Prepare(size_t index, size_t ahead);
    // Takes back the row of every slot: none is offered, taken or done afterwards.
    void TakeBack();
    // Time spent waiting for helpers to finish a row.
    int64_t waited_ns() const { return waited_ns_; }

   private:
    friend class HelperPool;
    bool TakeOffered(RowSlot& slot);
    void WaitWhileTaken(RowSlot& slot);
    void HelpAhead(size_t index, size_t ahead);
    RowPreparer::Outcome PrepareOwn(size_t index);

    HelperPool& pool_;
    const RowPreparer& preparer_;
    std::vector<RowSlot>& slots_;
    ImageTools tools_;
    int64_t waited_ns_ = 0;
    int helping_ = 0;  // guarded by the pool's mu_
  };

  explicit HelperPool(int threads);
  ~HelperPool();

 private:
  void Work();
  bool HelpOnce(ImageTools& tools);
  RowSlot* TakeRow(Attempt*& attempt) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CountSpare() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const int threads_;
  std::atomic<int> spare_{0};        // threads_ - attempts, as last seen
  std::atomic<uint32_t> signal_{0};  // changes with every offer; helpers sleep on it
  std::atomic<bool> stop_{false};
  Mutex mu_;
  std::vector<Attempt*> attempts_ ABSL_GUARDED_BY(mu_);
  int helping_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::thread> helpers_;
};

}  // namespace millrace
