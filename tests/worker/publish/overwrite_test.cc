// --overwrite: an older dataset makes room, and nothing else ever does.
#include "absl/strings/match.h"
#include "common/dataset/layout.h"
#include "tests/worker/publish/publish_world.h"

namespace millrace {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

class OverwriteTest : public testing::TestWithParam<const char*> {
 protected:
  OverwriteTest() : world_(GetParam()) {}
  Assignment NewJob(const PublishWorld& world) const {
    Assignment scan = world.Of(TASK_SCAN, 1, "dogs", 'd');
    scan.mutable_spec()->set_overwrite(true);
    return scan;
  }
  absl::Status Take() { return TakeClaim(world_.store(), NewJob(world_)); }

  PublishWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Stores, OverwriteTest, testing::Values("memory", "file"));

TEST_P(OverwriteTest, AFinishedDatasetMakesRoom) {
  ASSERT_TRUE(world_.Publish(world_.Stage()).ok());
  EXPECT_EQ(Take(), absl::OkStatus());
  EXPECT_THAT(world_.All(), ElementsAre(Key("_millrace.json")));
  EXPECT_EQ(ReadClaim(world_.store(), world_.output())->job_id, "dogs");
}

TEST_P(OverwriteTest, AnUnfinishedDatasetMakesRoomWithItsStaging) {
  world_.Stage();
  EXPECT_EQ(Take(), absl::OkStatus());
  EXPECT_THAT(world_.All(), ElementsAre(Key("_millrace.json")));
}

TEST_P(OverwriteTest, ItsOwnDatasetIsNeverRemoved) {
  Assignment publish = world_.Stage();
  ASSERT_TRUE(world_.Publish(publish).ok());
  const Tree before = world_.All();
  Assignment scan = world_.Of(TASK_SCAN);
  scan.mutable_spec()->set_overwrite(true);
  EXPECT_EQ(TakeClaim(world_.store(), scan), absl::OkStatus());
  EXPECT_EQ(world_.All(), before);
}

TEST_P(OverwriteTest, WithAStrangeFileNothingAtAllIsRemoved) {
  ASSERT_TRUE(world_.Publish(world_.Stage()).ok());
  for (absl::string_view stray : {"README.txt", "transform_fn/assets/mine.txt", "train-00009-of-00002.tfrecord.gz",
                                  "more/deep/down", "_SUCCESS2"}) {
    world_.Put(stray, "precious");
    const Tree before = world_.All();
    absl::Status refused = Take();
    EXPECT_EQ(refused.code(), StatusCode::kAlreadyExists);
    EXPECT_THAT(std::string(refused.message()), HasSubstr(std::string(stray.substr(0, stray.find("/deep")))));
    EXPECT_EQ(world_.All(), before);
    ASSERT_EQ(world_.store().Remove(world_.At(stray)), absl::OkStatus());
  }
  EXPECT_EQ(world_.store().RemoveTree(world_.At("more")), absl::OkStatus());
  EXPECT_EQ(Take(), absl::OkStatus());
}

TEST_P(OverwriteTest, AFolderWithoutAClaimIsNeverOverwritten) {
  world_.Put("train-00000-of-00001.tfrecord.gz", "of TFRecorder");
  EXPECT_EQ(Take().code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(world_.All(), ElementsAre(Key("train-00000-of-00001.tfrecord.gz")));
}

TEST_P(OverwriteTest, AManifestThatCannotBeReadProtectsEverything) {
  ASSERT_TRUE(world_.Publish(world_.Stage()).ok());
  ASSERT_EQ(world_.store().Remove(world_.At(kManifestFile)), absl::OkStatus());
  world_.Put(kManifestFile, "{");
  const Tree before = world_.All();
  absl::Status refused = Take();
  EXPECT_EQ(refused.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("its manifest does not say what is in it"));
  EXPECT_EQ(world_.All(), before);
}

// No reader may ever see _SUCCESS beside a dataset with a hole, and what was begun can be ended.
TEST_P(OverwriteTest, KilledAnywhereItIsFinishedTheNextTime) {
  for (int k = 1;; ++k) {
    PublishWorld world(GetParam());
    ASSERT_TRUE(world.Publish(world.Stage()).ok());
    const Tree before = world.All();
    FaultyStore faulty(world.store());
    faulty.Arm({.at = k, .after = k % 2 == 0, .for_good = true});
    TakeClaim(faulty, NewJob(world)).IgnoreError();
    const Tree between = world.All();
    if (between.contains("_SUCCESS")) {
      EXPECT_EQ(between, before) << k;
    }
    if (between != before && between.size() > 1) {
      EXPECT_TRUE(between.contains("_millrace.json")) << k;
    }
    EXPECT_EQ(TakeClaim(world.store(), NewJob(world)), absl::OkStatus()) << k;
    EXPECT_THAT(world.All(), ElementsAre(Key("_millrace.json"))) << k;
    if (!faulty.fired()) break;
    ASSERT_LT(k, 200);
  }
}

TEST_P(OverwriteTest, TheOldJobsSleeperCannotPublishIntoTheNewDataset) {
  Assignment sleeper = world_.Stage();
  ASSERT_EQ(Take(), absl::OkStatus());
  EXPECT_EQ(world_.Publish(sleeper).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(world_.Visible(), ElementsAre(Key("_millrace.json")));
}

}  // namespace
}  // namespace millrace
