#include "worker/publish/cleanup_task.h"

#include "tests/worker/publish/publish_world.h"

namespace millrace {
namespace {

using absl::StatusCode;

class CleanupTest : public testing::TestWithParam<const char*> {
 protected:
  CleanupTest() : world_(GetParam()) {}
  bool OutputExists(PublishWorld& world) {
    const std::string parent = world.output().substr(0, world.output().rfind('/'));
    return !world.store().List(parent)->empty();
  }
  PublishWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Stores, CleanupTest, testing::Values("memory", "file"));

TEST_P(CleanupTest, NothingOfACancelledJobRemains) {
  world_.Stage();
  EXPECT_EQ(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP)), absl::OkStatus());
  EXPECT_FALSE(OutputExists(world_));
  if (world_.memory() != nullptr) {
    EXPECT_EQ(world_.memory()->OpenUploads(), 0);
  }
  EXPECT_EQ(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP)), absl::OkStatus());
}

TEST_P(CleanupTest, AnotherLifeOfTheJobIsNotTouched) {
  world_.Stage();
  const Tree before = world_.All();
  EXPECT_EQ(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP, 5, "cats", 'x')), absl::OkStatus());
  EXPECT_EQ(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP, 5, "dogs", 'n')), absl::OkStatus());
  EXPECT_EQ(world_.All(), before);
}

TEST_P(CleanupTest, WhatUsersPutThereMeanwhileStays) {
  world_.Stage();
  world_.Put("notes.txt", "mine");
  EXPECT_EQ(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP)), absl::OkStatus());
  EXPECT_EQ(world_.All(), (Tree{{"notes.txt", "mine"}}));
}

TEST_P(CleanupTest, KilledAnywhereItIsFinishedTheNextTime) {
  for (int k = 1;; ++k) {
    PublishWorld world(GetParam());
    world.Stage();
    FaultyStore faulty(world.store());
    faulty.Arm({.at = k, .for_good = true});
    world.Cleanup(faulty, world.Of(TASK_CLEANUP)).IgnoreError();
    EXPECT_EQ(world.Cleanup(world.store(), world.Of(TASK_CLEANUP, 2)), absl::OkStatus());
    EXPECT_TRUE(world.All().empty()) << k;
    EXPECT_EQ(TakeClaim(world.store(), world.Of(TASK_SCAN, 3, "dogs")), absl::OkStatus()) << "free for others";
    if (!faulty.fired()) break;
  }
}

TEST_P(CleanupTest, AFencedAttemptTakesItsOwnFolderOnly) {
  Assignment publish = world_.Stage();
  Assignment write = world_.Of(TASK_WRITE, 10);
  const std::string folder = AttemptStagingFolder(write).substr(world_.output().size() + 1);
  Tree expected = world_.All();
  std::erase_if(expected, [&](const auto& entry) { return entry.first.starts_with(folder + "/"); });
  EXPECT_EQ(AbortAttempt(world_.store(), write), absl::OkStatus());
  EXPECT_EQ(AbortAttempt(world_.store(), write), absl::OkStatus());
  EXPECT_EQ(world_.All(), expected);
  EXPECT_EQ(world_.store().Publish(publish.publish().shards(0).result().shard()).code(), StatusCode::kNotFound);
}

TEST_P(CleanupTest, TheLastFencedAttemptOfAFinishedJobLeavesNoStaging) {
  ASSERT_TRUE(world_.Publish(world_.Stage()).ok());
  const Tree before = world_.All();
  Assignment sleeper = world_.Of(TASK_WRITE, 77);
  { ASSERT_TRUE(world_.store().Prepare(world_.At("shard"), AttemptStagingFolder(sleeper) + "/shard").ok()); }
  EXPECT_EQ(AbortAttempt(world_.store(), sleeper), absl::OkStatus());
  EXPECT_EQ(world_.All(), before);
}

}  // namespace
}  // namespace millrace
