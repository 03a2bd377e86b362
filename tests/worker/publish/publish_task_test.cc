#include "worker/publish/publish_task.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/failpoint.h"
#include "common/dataset/layout.h"
#include "common/dataset/manifest.h"
#include "tests/worker/publish/publish_world.h"

namespace millrace {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr const char* kFirstShard = "train-00000-of-00002.tfrecord.gz";

// What an undisturbed run leaves.
Tree Undisturbed(const char* kind) {
  PublishWorld world(kind);
  EXPECT_EQ(world.Publish(world.Stage()).status(), absl::OkStatus());
  return world.All();
}

// After a kill: whatever can be seen is what it will be, and comes in the promised order.
void ExpectPrefixOf(const Tree& visible, const Tree& done) {
  for (const auto& [name, bytes] : visible) {
    ASSERT_TRUE(done.contains(name)) << "stray " << name;
    EXPECT_EQ(bytes, done.at(name)) << name;
  }
  auto has = [&](absl::string_view name) { return visible.contains(std::string(name)); };
  const bool metadata_begun = has(kSchemaFile) || has(kDeadLettersFile) || has(kStatisticsFile);
  for (const auto& [name, bytes] : done) {
    const bool shard = absl::StrContains(name, ".tfrecord");
    if (shard && metadata_begun) {
      EXPECT_TRUE(has(name)) << name << " must come before the metadata";
    }
    if (name != kManifestFile && name != kSuccessFile && has(kManifestFile)) {
      EXPECT_TRUE(has(name)) << name;
    }
    if (has(kSuccessFile)) {
      EXPECT_TRUE(has(name)) << name;
    }
  }
}

class PublishTest : public testing::TestWithParam<const char*> {
 protected:
  PublishTest() : world_(GetParam()) {}
  ~PublishTest() override { SetFailpoints(""); }

  PublishWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Stores, PublishTest, testing::Values("memory", "file"));

TEST_P(PublishTest, ADatasetIsComplete) {
  absl::StatusOr<PublishResult> result = world_.Publish(world_.Stage());
  ASSERT_TRUE(result.ok()) << result.status();
  const Tree all = world_.All();
  EXPECT_EQ(all.at(kFirstShard).substr(0, 7), "record ");
  EXPECT_EQ(all.at(std::string(kVocabularyFile)), "dog\ncat\n");
  EXPECT_THAT(all.at(std::string(kSchemaFile)), HasSubstr("feature {"));
  EXPECT_EQ(all.at(std::string(kSuccessFile)), SuccessText(all.at(std::string(kManifestFile))));
  EXPECT_FALSE(all.contains("_staging/"));

  absl::StatusOr<Manifest> manifest = ParseManifest(all.at(std::string(kManifestFile)));
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->counts.written(), 47);
  EXPECT_EQ(result->files(), 8);
  EXPECT_EQ(result->manifest_sha256(), ManifestDigest(all.at(std::string(kManifestFile))));
  // Every visible file but the claim, the manifest and _SUCCESS is named, with its size.
  Tree named;
  int64_t bytes = 0;
  for (const ManifestFile& file : manifest->files) {
    ASSERT_TRUE(all.contains(file.path)) << file.path;
    EXPECT_EQ(file.bytes, static_cast<int64_t>(all.at(file.path).size()));
    bytes += file.bytes;
  }
  EXPECT_EQ(result->bytes(), bytes);
  auto files = std::count_if(all.begin(), all.end(), [](const auto& entry) { return !entry.first.ends_with("/"); });
  EXPECT_EQ(files, 8 + 3);
}

TEST_P(PublishTest, DeadLettersAreTheScansAndThenEachShardsInPlanOrder) {
  ASSERT_TRUE(world_.Publish(world_.Stage()).ok());
  std::string expected;
  for (int i = 0; i < 5; ++i) absl::StrAppend(&expected, "{\"bad row of\":\"the scan\"} ", i, "\n");
  absl::StrAppend(&expected, "{\"bad row of\":\"", kFirstShard, "\"} 0\n");
  for (int i = 0; i < 2; ++i)
    absl::StrAppend(&expected, "{\"bad row of\":\"test-00000-of-00001.tfrecord.gz\"} ", i, "\n");
  EXPECT_EQ(world_.All().at(std::string(kDeadLettersFile)), expected);
}

TEST_P(PublishTest, DoneIsDoneHoweverOftenItIsAsked) {
  Assignment publish = world_.Stage();
  absl::StatusOr<PublishResult> first = world_.Publish(publish);
  ASSERT_TRUE(first.ok());
  const Tree all = world_.All();
  absl::StatusOr<PublishResult> second = world_.Publish(Again(publish));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(world_.All(), all);
}

// The heart of it: whichever call to the store is the last before a kill, and whether or not that call still took
// effect, the next attempt ends with the same bytes.
void KillEverywhere(const char* kind, bool after, bool for_good) {
  const Tree done = Undisturbed(kind);
  int k = 1;
  for (;; ++k) {
    PublishWorld world(kind);
    Assignment publish = world.Stage();
    FaultyStore faulty(world.store());
    faulty.Arm({.at = k, .after = after, .for_good = for_good});
    absl::Status first = world.Publish(faulty, publish).status();
    ExpectPrefixOf(world.Visible(), done);
    absl::StatusOr<PublishResult> second = world.Publish(Again(publish));
    EXPECT_EQ(second.status(), absl::OkStatus()) << "after a kill at call " << k << ": " << first;
    EXPECT_EQ(world.All(), done) << "after a kill at call " << k << ": " << first;
    if (world.memory() != nullptr) {
      EXPECT_EQ(world.memory()->OpenUploads(), 0) << k;
    }
    if (!faulty.fired() || testing::Test::HasFailure()) break;
  }
  EXPECT_GT(k, 40) << "the sweep must have met every call";
}

TEST_P(PublishTest, KilledBeforeAnyCall) { KillEverywhere(GetParam(), /*after=*/false, /*for_good=*/true); }
TEST_P(PublishTest, KilledAfterAnyCall) { KillEverywhere(GetParam(), /*after=*/true, /*for_good=*/true); }
TEST_P(PublishTest, OneCallFails) { KillEverywhere(GetParam(), /*after=*/false, /*for_good=*/false); }
TEST_P(PublishTest, OneAnswerIsLost) { KillEverywhere(GetParam(), /*after=*/true, /*for_good=*/false); }

TEST_P(PublishTest, EveryFailpointIsMetAndSurvived) {
  const Tree done = Undisturbed(GetParam());
  for (absl::string_view point :
       {"begin@1", "shard@1", "shard@2", "shard@3", "metadata@1", "manifest@1", "success@1", "cleanup@1", "done@1"}) {
    PublishWorld world(GetParam());
    Assignment publish = world.Stage();
    SetFailpoints(absl::StrReplaceAll(absl::StrCat("publish/", point), {{"@", "=error@"}}));
    EXPECT_EQ(world.Publish(publish).status().code(), StatusCode::kUnavailable) << point;
    const Tree visible = world.Visible();
    ExpectPrefixOf(visible, done);
    const bool complete = absl::StartsWith(point, "cleanup") || absl::StartsWith(point, "done");
    EXPECT_EQ(visible.contains(std::string(kSuccessFile)), complete) << point;
    EXPECT_EQ(visible.contains(std::string(kManifestFile)), complete || point == "success@1") << point;
    EXPECT_EQ(visible.contains(kFirstShard), point != "begin@1" && point != "shard@1") << point;
    SetFailpoints("");
    EXPECT_EQ(world.Publish(Again(publish)).status(), absl::OkStatus()) << point;
    EXPECT_EQ(world.All(), done) << point;
  }
}

TEST_P(PublishTest, AFullDiskShowsBeforeAnythingCanBeSeen) {
  const Tree done = Undisturbed(GetParam());
  for (StoreCall kind : {StoreCall::kPrepare, StoreCall::kAppend, StoreCall::kFinish}) {
    for (int k = 1; k <= 4; ++k) {
      PublishWorld world(GetParam());
      Assignment publish = world.Stage();
      FaultyStore faulty(world.store());
      faulty.Arm({.at = k, .kinds = {kind}, .error = absl::ResourceExhaustedError("/out: no space left on device")});
      EXPECT_EQ(world.Publish(faulty, publish).status().code(), StatusCode::kResourceExhausted);
      EXPECT_EQ(world.Visible().size(), 1u) << "only the claim";
      EXPECT_EQ(world.Publish(Again(publish)).status(), absl::OkStatus());
      EXPECT_EQ(world.All(), done);
    }
  }
}

TEST_P(PublishTest, AForeignFileInTheWayIsNeverOverwritten) {
  const Tree done = Undisturbed(GetParam());
  for (const auto& [name, bytes] : done) {
    if (name.ends_with("/") || name == kClaimFile) continue;
    PublishWorld world(GetParam());
    Assignment publish = world.Stage();
    world.Put(name, "foreign");
    absl::Status refused = world.Publish(publish).status();
    // A foreign _SUCCESS has no manifest beside it.
    EXPECT_TRUE(absl::IsAlreadyExists(refused) || (name == kSuccessFile && absl::IsNotFound(refused))) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(world.output()));
    EXPECT_EQ(world.All().at(name), "foreign");
    if (name != kSuccessFile) {
      EXPECT_FALSE(world.All().contains(std::string(kSuccessFile)));
    }
  }
}

TEST_P(PublishTest, AShardThatIsGoneIsNamed) {
  Assignment publish = world_.Stage();
  ASSERT_EQ(world_.store().Abort(publish.publish().shards(1).result().shard()), absl::OkStatus());
  absl::Status missing = world_.Publish(publish).status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_TRUE(absl::StartsWith(missing.message(), "TRAIN shard 1 of 2: ")) << missing;
}

TEST_P(PublishTest, AManifestThatAnotherVersionMadeStands) {
  Assignment publish = world_.Stage();
  SetFailpoints("publish/success=error");
  ASSERT_FALSE(world_.Publish(publish).ok());
  SetFailpoints("");
  const std::string ours = world_.All().at(std::string(kManifestFile));
  const std::string theirs =
      absl::StrReplaceAll(ours, {{"\"millrace\": \"" MILLRACE_VERSION, "\"millrace\": \"0.0.9"}});
  ASSERT_NE(theirs, ours);
  ASSERT_EQ(world_.store().Remove(world_.At(kManifestFile)), absl::OkStatus());
  world_.Put(kManifestFile, theirs);
  absl::StatusOr<PublishResult> result = world_.Publish(Again(publish));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(world_.All().at(std::string(kManifestFile)), theirs);
  EXPECT_EQ(world_.All().at(std::string(kSuccessFile)), SuccessText(theirs));
  EXPECT_EQ(result->manifest_sha256(), ManifestDigest(theirs));
}

TEST_P(PublishTest, NumbersThatDoNotAddUpPublishNothing) {
  Assignment counts = world_.Stage();
  counts.mutable_publish()->mutable_scan()->mutable_counts()->set_rows(56);
  EXPECT_EQ(world_.Publish(counts).status().code(), StatusCode::kInternal);
  Assignment letters = Again(counts);
  letters.mutable_publish()->mutable_scan()->mutable_counts()->set_rows(55);
  letters.mutable_publish()->mutable_shards(0)->mutable_result()->set_dead_letter_bytes(1);
  EXPECT_EQ(world_.Publish(letters).status().code(), StatusCode::kDataLoss);
  Assignment lines = Again(letters);
  lines.mutable_publish()->mutable_shards(0)->mutable_result()->clear_dead_letters();
  EXPECT_EQ(world_.Publish(lines).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(world_.Visible().size(), 1u) << "only the claim";
}

TEST_P(PublishTest, AStoppedAttemptGoesNoFurther) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(world_.Publish(world_.store(), world_.Stage(), stop.get_token()).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(world_.Visible().size(), 1u) << "only the claim";
}

TEST_P(PublishTest, WithoutItsClaimAWorkerIsOnAnotherDisk) {
  Assignment publish = world_.Stage();
  ASSERT_EQ(world_.store().Remove(world_.At(kClaimFile)), absl::OkStatus());
  EXPECT_EQ(world_.Publish(publish).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(world_.Visible().empty());
}

TEST_P(PublishTest, AStagingThatCannotBeRemovedDoesNotFailACompleteDataset) {
  Assignment publish = world_.Stage();
  SetFailpoints("publish/cleanup=error");
  ASSERT_FALSE(world_.Publish(publish).ok());
  SetFailpoints("");
  // Three tries, all refused, as by a file that another process holds open on NFS.
  class Busy : public FaultyStore {
   public:
    using FaultyStore::FaultyStore;
    absl::Status RemoveTree(absl::string_view) override { return absl::UnavailableError("device or resource busy"); }
  } busy(world_.store());
  EXPECT_EQ(world_.Publish(busy, Again(publish)).status(), absl::OkStatus());
}

}  // namespace
}  // namespace millrace
