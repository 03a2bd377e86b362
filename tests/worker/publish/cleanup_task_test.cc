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

// What the coordinator tells a cleanup of the winners.
void AddPrepared(const Assignment& publish, Assignment& cleanup) {
  for (const PublishWork::Shard& shard : publish.publish().shards()) {
    *cleanup.mutable_cleanup()->add_shards() = shard.result().shard();
    if (shard.result().has_index()) *cleanup.mutable_cleanup()->add_shards() = shard.result().index();
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, CleanupTest, testing::Values("memory", "file"));

TEST_P(CleanupTest, NothingOfACancelledJobRemains) {
  world_.Stage();
  EXPECT_FALSE(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP))->found_nothing());
  EXPECT_FALSE(OutputExists(world_));
  if (world_.memory() != nullptr) {
    EXPECT_EQ(world_.memory()->OpenUploads(), 0);
  }
  EXPECT_TRUE(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP))->found_nothing());
}

TEST_P(CleanupTest, AnotherLifeOfTheJobIsNotTouched) {
  world_.Stage();
  const Tree before = world_.All();
  EXPECT_TRUE(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP, 5, "cats", 'x'))->found_nothing());
  EXPECT_TRUE(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP, 5, "dogs", 'n'))->found_nothing());
  EXPECT_EQ(world_.All(), before);
}

TEST_P(CleanupTest, WhatUsersPutThereMeanwhileStays) {
  world_.Stage();
  world_.Put("notes.txt", "mine");
  EXPECT_TRUE(world_.Cleanup(world_.store(), world_.Of(TASK_CLEANUP)).ok());
  EXPECT_EQ(world_.All(), (Tree{{"notes.txt", "mine"}}));
}

TEST_P(CleanupTest, KilledAnywhereItIsFinishedTheNextTime) {
  for (int k = 1;; ++k) {
    PublishWorld world(GetParam());
    world.Stage();
    FaultyStore faulty(world.store());
    faulty.Arm({.at = k, .for_good = true});
    world.Cleanup(faulty, world.Of(TASK_CLEANUP)).status().IgnoreError();
    EXPECT_TRUE(world.Cleanup(world.store(), world.Of(TASK_CLEANUP, 2)).ok());
    EXPECT_TRUE(world.All().empty()) << k;
    EXPECT_EQ(TakeClaim(world.store(), world.Of(TASK_SCAN, 3, "dogs")), absl::OkStatus()) << "free for others";
    if (!faulty.fired()) break;
  }
}

// A publication that can never succeed, killed after any call: the job can be cancelled, and OUT is free again.
TEST_P(CleanupTest, WhatAFailedPublicationShowedGoesAwayAgain) {
  for (int k = 1;; ++k) {
    PublishWorld world(GetParam());
    Assignment publish = world.Stage();
    FaultyStore faulty(world.store());
    faulty.Arm({.at = k, .for_good = true});
    const bool published = world.Publish(faulty, publish).ok();
    Assignment cleanup = world.Of(TASK_CLEANUP, 200);
    cleanup.mutable_cleanup()->set_unpublish(true);
    AddPrepared(publish, cleanup);
    const Tree before = world.All();
    const absl::StatusOr<CleanupResult> result = world.Cleanup(world.store(), cleanup);
    ASSERT_TRUE(result.ok()) << k << ": " << result.status();
    if (result->complete()) {
      EXPECT_TRUE(before.contains("_SUCCESS")) << k;
      EXPECT_EQ(world.All(), before) << k << ": a complete dataset is not touched";
    } else {
      EXPECT_TRUE(world.All().empty()) << k;
      EXPECT_EQ(TakeClaim(world.store(), world.Of(TASK_SCAN, 3, "dogs")), absl::OkStatus()) << k;
    }
    if (published) break;
  }
}

TEST_P(CleanupTest, AClaimWithoutTheScanThatCountsIsOfAnotherDisk) {
  ASSERT_EQ(TakeClaim(world_.store(), world_.Of(TASK_SCAN)), absl::OkStatus());
  Assignment cleanup = world_.Of(TASK_CLEANUP, 200);
  cleanup.mutable_cleanup()->set_scan_dir("_staging/cats.6e6e6e6e/scan-0.0.1-7");
  EXPECT_TRUE(world_.Cleanup(world_.store(), cleanup)->found_nothing());
  EXPECT_TRUE(world_.All().empty()) << "what there was is removed all the same";
}

TEST_P(CleanupTest, AFileOfTheUsersUnderAShardsNameStays) {
  const Assignment publish = world_.Stage();
  Assignment cleanup = world_.Of(TASK_CLEANUP, 200);
  cleanup.mutable_cleanup()->set_unpublish(true);
  AddPrepared(publish, cleanup);
  world_.Put("train-00001-of-00002.tfrecord.gz", "mine");
  ASSERT_TRUE(absl::IsAlreadyExists(world_.Publish(publish).status())) << "so it can never be published";
  ASSERT_TRUE(world_.Cleanup(world_.store(), cleanup).ok());
  EXPECT_EQ(world_.All(), (Tree{{"train-00001-of-00002.tfrecord.gz", "mine"}}));
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
