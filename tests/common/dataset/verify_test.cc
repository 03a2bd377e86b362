#include "common/dataset/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/dataset/index_check.h"
#include "common/dataset/layout.h"
#include "tests/common/dataset/dataset_world.h"

namespace millrace {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr absl::string_view kOurBug = "bug of Millrace";

TEST(Verify, AWholeDatasetHasNoProblem) {
  for (Compression compression : {COMPRESSION_GZIP, COMPRESSION_NONE}) {
    DatasetWorld world(compression);
    world.Write();
    const VerifyReport report = world.Verify();
    EXPECT_TRUE(report.ok());
    EXPECT_THAT(world.Problems(), IsEmpty());
    EXPECT_EQ(report.records, 5);
    EXPECT_EQ(report.files, compression == COMPRESSION_GZIP ? 7 : 10);
    EXPECT_EQ(report.digest + "\n", world.Read("_SUCCESS"));
  }
}

TEST(Verify, EveryPayloadIsLookedInto) {
  for (const Payload payload : {PAYLOAD_RAW_BASE64, PAYLOAD_RAW, PAYLOAD_JPEG, PAYLOAD_PNG}) {
    DatasetWorld good(COMPRESSION_NONE);
    good.spec.set_payload(payload);
    good.Write();
    EXPECT_THAT(good.Problems(), IsEmpty()) << payload;
    EXPECT_TRUE(good.Verify({.decode = true}).ok());
    // A dataset that claims another payload than its records have.
    DatasetWorld wrong(COMPRESSION_NONE);
    wrong.spec.set_payload(payload);
    wrong.record_payload = payload == PAYLOAD_RAW ? PAYLOAD_PNG : PAYLOAD_RAW;
    wrong.Write();
    EXPECT_EQ(wrong.Verify().problems_found, 5) << payload;
  }
}

TEST(Verify, AnIndexMustSayWhereEveryRecordLies) {
  DatasetWorld world(COMPRESSION_NONE);
  world.Write();
  const std::string name = IndexFileName(world.Shard(0));
  EXPECT_EQ(name, "_index/train-00000-of-00002.idx");
  const std::string good = world.Read(name);
  const auto why = [&](const std::string& index) {
    return *DifferenceToShard(index, **world.store.Open(world.folder + "/" + world.Shard(0)));
  };
  EXPECT_EQ(why(good), "");
  EXPECT_THAT(why("1" + good), HasSubstr("line 1 is '10 "));
  EXPECT_THAT(why(good.substr(0, good.size() - 1)), HasSubstr("line 2 is '"));
  EXPECT_THAT(why(good.substr(0, good.find('\n') + 1)), HasSubstr("line 2 is ''"));
  EXPECT_EQ(why(good + good), "it has more lines than the shard has records");
  world.Replace(name, "1" + good.substr(1));
  EXPECT_THAT(world.Problems(), Contains(StartsWith(name + ": line 1 is '1 ")));
  world.Remove(name);
  EXPECT_THAT(world.Problems(), ElementsAre(name + ": the file is missing"));
}

TEST(Verify, ASplitWithoutARecordIsFine) {
  DatasetWorld world;
  world.shards[2].clear();
  world.Write();
  EXPECT_THAT(world.Problems(), IsEmpty());
}

TEST(Verify, EveryFlippedByteIsNoticed) {
  DatasetWorld world;
  world.Write();
  const std::string names[] = {world.Shard(0),
                               std::string(kSchemaFile),
                               std::string(kVocabularyFile),
                               std::string(kDeadLettersFile),
                               std::string(kStatisticsFile),
                               std::string(kSuccessFile)};
  for (const std::string& name : names) {
    const std::string good = world.Read(name);
    for (size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] ^= 0x10;
      world.Replace(name, bad);
      EXPECT_THAT(world.Problems(), Contains(StartsWith(name))) << i;
    }
    world.Replace(name, good);
  }
  EXPECT_THAT(world.Problems(), IsEmpty());
}

TEST(Verify, EveryCutOfAShardIsNoticed) {
  for (Compression compression : {COMPRESSION_GZIP, COMPRESSION_NONE}) {
    DatasetWorld world(compression);
    world.Write();
    const std::string good = world.Read(world.Shard(2));
    for (size_t size = 0; size < good.size(); ++size) {
      world.Replace(world.Shard(2), good.substr(0, size));
      EXPECT_THAT(world.Problems(), Contains(AllOf(StartsWith(world.Shard(2)), HasSubstr("bytes, the manifest says"))))
          << size;
    }
  }
}

TEST(Verify, MissingAndStrayFilesAreNamed) {
  DatasetWorld world;
  world.Write();
  world.Remove(world.Shard(1));
  world.Replace("train-00007-of-00009.tfrecord.gz", "left behind");
  world.Replace("transformed_metadata/old/schema.pbtxt", "older");
  world.Replace("_staging/job.1/scan", "not cleaned up");
  EXPECT_THAT(world.Problems(), ElementsAre("_staging: work of a job that has not cleaned up",
                                            "train-00001-of-00002.tfrecord.gz: the file is missing",
                                            "train-00007-of-00009.tfrecord.gz: a file that the manifest does not name",
                                            "transformed_metadata/old: a folder that the manifest does not name"));
}

TEST(Verify, AFolderWithoutAManifestIsNotJudged) {
  DatasetWorld world;
  world.Write();
  world.Remove("_manifest.json");
  const auto report = VerifyDataset(world.store, world.folder);
  EXPECT_TRUE(absl::IsNotFound(report.status())) << report.status();
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("its job has not finished"));
}

TEST(Verify, WithoutSuccessItIsNotComplete) {
  DatasetWorld world;
  world.Write();
  world.Remove("_SUCCESS");
  EXPECT_THAT(world.Problems(), ElementsAre("_SUCCESS: the file is missing: the dataset is not complete"));
}

TEST(Verify, AManifestThatWasEditedIsNotThatOfSuccess) {
  DatasetWorld world;
  world.Write();
  world.Replace("_manifest.json", absl::StrReplaceAll(world.Read("_manifest.json"), {{"test-1", "test-2"}}));
  EXPECT_THAT(world.Problems(), ElementsAre(StartsWith("_SUCCESS: it says 'sha256:")));
}

// Records that should not be there although every checksum is right: only a bug of ours writes such.
TEST(Verify, WrongRecordsWithRightChecksumsAreOurBug) {
  DatasetWorld world;
  world.shards[0][1].label = 2;
  world.shards[1][0].split = "TEST";
  world.shards[2][0].extra_feature = "colour";
  world.shards[2][1].channels = 4;
  world.Write();
  EXPECT_THAT(world.Problems(),
              ElementsAre("test-00000-of-00001.tfrecord.gz#0: the record has 8 features, not 7",
                          "test-00000-of-00001.tfrecord.gz#1: not an image size: 3x2x4",
                          "train-00000-of-00002.tfrecord.gz#1: label 2 is outside the vocabulary of 2",
                          "train-00001-of-00002.tfrecord.gz#0: the record's split is 'TEST', the file's TRAIN"));
  for (const VerifyProblem& problem : world.Verify().problems)
    EXPECT_TRUE(absl::StrContains(problem.advice, kOurBug)) << problem.advice;
}

TEST(Verify, ADamagedRecordIsNamedWithItsOffset) {
  DatasetWorld world(COMPRESSION_NONE);
  world.Write();
  std::string bytes = world.Read(world.Shard(0));
  bytes[bytes.size() - 20] ^= 1;
  world.Replace(world.Shard(0), bytes);
  const VerifyReport report = world.Verify();
  ASSERT_EQ(report.problems.size(), 2u);
  EXPECT_THAT(report.problems[0].found, HasSubstr("CRC32C"));
  EXPECT_EQ(report.problems[1].record, 1);
  EXPECT_EQ(report.problems[1].offset, static_cast<int64_t>(EncodeRecord(world.shards[0][0]).size() + 16));
  EXPECT_EQ(report.problems[1].found, "the record's checksum is wrong");
  EXPECT_FALSE(absl::StrContains(report.problems[1].advice, kOurBug));
}

TEST(Verify, ProblemsAreCappedButCounted) {
  DatasetWorld world;
  world.Write();
  for (int i = 0; i < 20; ++i) world.Replace(absl::StrCat("stray-", i), "x");
  const VerifyReport report = world.Verify({.max_problems = 3});
  EXPECT_EQ(report.problems.size(), 3u);
  EXPECT_EQ(report.problems_found, 20);
  EXPECT_FALSE(report.ok());
}

}  // namespace
}  // namespace millrace
