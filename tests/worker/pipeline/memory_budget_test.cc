#include "worker/pipeline/memory_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace millrace {
namespace {

TEST(MemoryBudget, GivesWhatIsFreeAndTakesItBack) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.TryAcquire(60));
  EXPECT_FALSE(budget.TryAcquire(41));
  EXPECT_TRUE(budget.TryAcquire(40));
  budget.Release(60);
  EXPECT_EQ(budget.in_use(), 40);
  EXPECT_TRUE(budget.Acquire(60, {}));
}

TEST(MemoryBudget, RefusesWhatNeverFits) {
  MemoryBudget budget(100);
  EXPECT_FALSE(budget.Acquire(101, {}));
  EXPECT_FALSE(budget.TryAcquire(101));
}

TEST(MemoryBudget, ServesTheLargeOneThatWaitsBeforeSmallOnesThatCome) {
  MemoryBudget budget(100);
  ASSERT_TRUE(budget.TryAcquire(50));
  std::atomic<bool> granted{false};
  std::thread large([&] {
    EXPECT_TRUE(budget.Acquire(100, {}));
    granted = true;
  });
  while (budget.TryAcquire(1)) budget.Release(1);  // until the large one stands in the queue
  EXPECT_FALSE(granted);
  budget.Release(50);
  large.join();
  EXPECT_TRUE(granted);
  EXPECT_EQ(budget.in_use(), 100);
}

TEST(MemoryBudget, AStopEndsTheWait) {
  MemoryBudget budget(100);
  ASSERT_TRUE(budget.TryAcquire(100));
  std::jthread waiting([&](std::stop_token stop) { EXPECT_FALSE(budget.Acquire(1, stop)); });
  waiting.request_stop();
  waiting.join();
  EXPECT_EQ(budget.in_use(), 100);
  budget.Release(100);
  EXPECT_TRUE(budget.TryAcquire(100)) << "the one that gave up has left the queue";
}

TEST(MemoryBudget, NeverGivesMoreThanItHas) {
  MemoryBudget budget(10);
  std::atomic<int64_t> held{0};
  std::vector<std::thread> threads;
  for (int t = 1; t <= 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const int64_t bytes = 1 + (i * t) % 10;
        if (!(i % 3 == 0 ? budget.TryAcquire(bytes) : budget.Acquire(bytes, {}))) continue;
        EXPECT_LE(held += bytes, 10);
        held -= bytes;
        budget.Release(bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.in_use(), 0);
}

TEST(BudgetHold, GrowsByWhatIsMissingAndGivesBackOnce) {
  MemoryBudget budget(100);
  {
    BudgetHold hold;
    EXPECT_TRUE(hold.Grow(budget, 30));
    EXPECT_TRUE(hold.Grow(budget, 80));
    EXPECT_FALSE(hold.Grow(budget, 101));
    EXPECT_EQ(hold.bytes(), 80);
    BudgetHold other = std::move(hold);
    EXPECT_EQ(budget.in_use(), 80);
    EXPECT_TRUE(other.Wait(budget, 100, {})) << "it gives back before it waits";
  }
  EXPECT_EQ(budget.in_use(), 0);
}

}  // namespace
}  // namespace millrace
