// Every reason not to act, by name.
#include "coordinator/engine/state/scheduler.h"

#include "tests/coordinator/engine/engine_story.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SchedulerTest : public EngineStory {
 protected:
  // Why w2 is given nothing of a job with one open shard; w1 has scanned it and drains.
  std::vector<std::string> WhyNot(const std::function<void(WorkerInfo&)>& change) {
    Worker("w1").info.set_encoding_version("v1");
    EXPECT_TRUE(Submit("job", 1).ok());
    Give("w1");
    TaskResult scan = ResultOf(Worker("w1").only());
    scan.mutable_scan()->set_encoding_version("v1");
    Worker("w1").info.set_draining(true);
    EXPECT_EQ(Finish("w1", scan), ACCEPTED);
    WorkerInfo& info = Worker("w2").info;
    info.set_encoding_version("v1");
    change(info);
    EXPECT_EQ(Sync("w2").add_size(), 0);
    const auto waiting = Job().waiting_for();
    return {waiting.begin(), waiting.end()};
  }
};

TEST_F(SchedulerTest, NoWorker) {
  ASSERT_TRUE(Submit("job", 1).ok());
  EXPECT_THAT(Job().waiting_for(), ElementsAre("no worker is connected"));
}

TEST_F(SchedulerTest, Draining) {
  EXPECT_THAT(WhyNot([](WorkerInfo& w2) { w2.set_draining(true); }), ElementsAre("w1, w2: draining"));
}

TEST_F(SchedulerTest, DiskLow) {
  EXPECT_THAT(WhyNot([](WorkerInfo& w2) { w2.set_disk_low(true); }),
              ElementsAre("w1: draining", HasSubstr("w2: less than 5 %")));
}

TEST_F(SchedulerTest, MemoryBudgetTooSmall) {
  EXPECT_THAT(WhyNot([](WorkerInfo& w2) { w2.set_memory_budget_bytes(100 << 20); }),
              ElementsAre("w1: draining", HasSubstr("w2: memory budget")));
}

TEST_F(SchedulerTest, OtherEncodingVersion) {
  EXPECT_THAT(WhyNot([](WorkerInfo& w2) { w2.set_encoding_version("v2"); }),
              ElementsAre("w1: draining", HasSubstr("w2: other encoder")));
}

TEST_F(SchedulerTest, NoSlot) {
  EXPECT_THAT(WhyNot([](WorkerInfo& w2) { w2.set_slots(0); }), ElementsAre("w1: draining", "w2: no free slot"));
}

TEST_F(SchedulerTest, Silent) {
  WhyNot([](WorkerInfo& w2) { w2.set_draining(true); });
  Pass(absl::Seconds(20));
  EXPECT_THAT(Job().waiting_for(), ElementsAre("w1, w2: silent"));
}

TEST_F(SchedulerTest, NothingIsWaitedForWhileWorkIsLeased) {
  ASSERT_TRUE(Submit("job", 1).ok());
  Scan("w1");
  Sync("w1");
  EXPECT_THAT(Job().waiting_for(), ElementsAre());
}

TEST_F(SchedulerTest, EveryReasonHasWords) {
  for (int reason = 0; reason <= static_cast<int>(NotNow::kSecondOpinion); ++reason)
    EXPECT_NE(Words(static_cast<NotNow>(reason)), "") << reason;
}

}  // namespace
}  // namespace millrace
