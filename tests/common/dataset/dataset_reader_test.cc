// Reading a dataset back: everything, once, in the promised order, whatever the threads; and nothing that is not whole.
#include "common/dataset/dataset_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/common/dataset/dataset_world.h"

namespace millrace {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

struct ReadBack {
  std::vector<std::string> names;
  absl::Status status;
};

ReadBack ReadAll(DatasetReader& reader) {
  ReadBack back;
  Sample sample;
  while (true) {
    const absl::StatusOr<bool> more = reader.Next(sample);
    back.status = more.status();
    if (!more.ok() || !*more) return back;
    back.names.push_back(sample.image_name);
  }
}

class DatasetReaderTest : public testing::Test {
 protected:
  // TRAIN: `sizes` records in its two shards, named "0/3": shard and record.
  void Fill(std::vector<int> sizes) {
    for (size_t i = 0; i < sizes.size(); ++i) {
      world_.shards[i].clear();
      for (int k = 0; k < sizes[i]; ++k)
        world_.shards[i].push_back({absl::StrCat(i, "/", k), "TRAIN", k % 2, 2 + k % 5, 3 + k % 7});
    }
    world_.Write();
    dataset_ = *OpenDataset(world_.store, world_.folder);
  }
  ReadBack Read(ReadOptions options = {}) { return ReadRanges(*RangesOf(dataset_, SPLIT_TRAIN), std::move(options)); }
  ReadBack ReadRanges(const std::vector<ShardRange>& ranges, ReadOptions options = {}) {
    if (options.threads == 0) options.threads = 3;
    const auto reader = DatasetReader::Start(world_.store, dataset_, ranges, std::move(options));
    if (!reader.ok()) return {{}, reader.status()};
    return ReadAll(**reader);
  }
  std::vector<std::string> Names(int shard, int begin, int end) const {
    std::vector<std::string> names;
    for (int k = begin; k < end; ++k) names.push_back(absl::StrCat(shard, "/", k));
    return names;
  }
  std::vector<std::string> AllNames() const {
    std::vector<std::string> all = Names(0, 0, static_cast<int>(world_.shards[0].size()));
    for (const std::string& name : Names(1, 0, static_cast<int>(world_.shards[1].size()))) all.push_back(name);
    return all;
  }

  DatasetWorld world_;
  Dataset dataset_;
};

TEST_F(DatasetReaderTest, GivesEverythingOfEveryRecord) {
  world_.Write();
  dataset_ = *OpenDataset(world_.store, world_.folder);
  EXPECT_THAT(dataset_.vocabulary, ElementsAre("dog", "cat"));
  EXPECT_EQ(RowsOf(dataset_, SPLIT_TRAIN), 3);
  const auto reader = DatasetReader::Start(world_.store, dataset_, *RangesOf(dataset_, SPLIT_TRAIN));
  ASSERT_TRUE(reader.ok()) << reader.status();
  Sample sample;
  for (const TestRecord* record : {&world_.shards[0][0], &world_.shards[0][1], &world_.shards[1][0]}) {
    ASSERT_TRUE(*(*reader)->Next(sample));
    EXPECT_EQ(sample.image_name, record->image_name);
    EXPECT_EQ(sample.split, "TRAIN");
    EXPECT_EQ(sample.label, record->label);
    EXPECT_EQ(sample.height, record->height);
    EXPECT_EQ(sample.width, record->width);
    EXPECT_EQ(sample.channels, record->channels);
    EXPECT_EQ(sample.pixels.view(), PixelsOf(*record));
    EXPECT_THAT(sample.extra, IsEmpty());
  }
  EXPECT_EQ(sample.shard, 1u);
  EXPECT_FALSE(*(*reader)->Next(sample));
  EXPECT_FALSE(*(*reader)->Next(sample)) << "the end stays the end";
}

TEST_F(DatasetReaderTest, TheOrderIsThatOfTheShardsWhateverTheThreads) {
  Fill({40, 30});
  for (int threads : {1, 2, 5}) {
    for (int64_t bytes : {int64_t{1}, int64_t{1} << 30}) {
      const ReadBack back = Read(ReadOptions{.threads = threads, .max_waiting_bytes = bytes});
      EXPECT_TRUE(back.status.ok()) << back.status;
      EXPECT_EQ(back.names, AllNames()) << threads << " " << bytes;
    }
  }
}

TEST_F(DatasetReaderTest, LanesTakeTurnsAndOneThatEndedIsLeftOut) {
  Fill({5, 2});
  for (int threads : {1, 2, 5}) {
    for (int64_t bytes : {int64_t{1}, int64_t{1} << 30}) {
      EXPECT_THAT(Read(ReadOptions{.threads = threads, .lanes = 2, .max_waiting_bytes = bytes}).names,
                  ElementsAre("0/0", "1/0", "0/1", "1/1", "0/2", "0/3", "0/4"));
    }
  }
}

TEST_F(DatasetReaderTest, WithoutOrderNothingIsLostOrDoubled) {
  Fill({40, 30});
  for (int64_t bytes : {int64_t{1}, int64_t{1} << 30}) {
    const ReadBack back = Read(ReadOptions{.threads = 4, .ordered = false, .max_waiting_bytes = bytes});
    EXPECT_TRUE(back.status.ok()) << back.status;
    EXPECT_THAT(back.names, UnorderedElementsAreArray(AllNames()));
  }
}

TEST_F(DatasetReaderTest, RanksShareASplitWithoutGapOrOverlap) {
  Fill({7, 4});
  std::vector<std::string> names;
  for (int64_t rank = 0; rank < 3; ++rank) {
    const auto ranges = RangesOf(dataset_, SPLIT_TRAIN, rank * 11 / 3, (rank + 1) * 11 / 3);
    ASSERT_TRUE(ranges.ok()) << ranges.status();
    for (const std::string& name : ReadRanges(*ranges).names) names.push_back(name);
  }
  EXPECT_EQ(names, AllNames());
  EXPECT_THAT(*RangesOf(dataset_, SPLIT_TRAIN, 4, 4), IsEmpty());
  EXPECT_TRUE(absl::IsOutOfRange(RangesOf(dataset_, SPLIT_TRAIN, 4, 12).status()));
}

TEST_F(DatasetReaderTest, ReadsPartOfAShard) {
  Fill({7, 4});
  EXPECT_EQ(ReadRanges({{0, 2, 5}}).names, Names(0, 2, 5));
  EXPECT_EQ(ReadRanges({{0, 6, 7}}).names, Names(0, 6, 7));
  EXPECT_THAT(ReadRanges({{1, 3}, {0, 0, 1}}).names, ElementsAre("1/3", "0/0"));
  EXPECT_THAT(ReadRanges({}).names, IsEmpty());
}

TEST_F(DatasetReaderTest, RefusesRangesThatCannotBe) {
  Fill({7, 4});
  const auto why = [&](ShardRange range) { return std::string(ReadRanges({range}).status.message()); };
  EXPECT_THAT(why({9}), HasSubstr("there is no such shard"));
  EXPECT_THAT(why({0, 5, 3}), HasSubstr("records 5 to 3: not a range"));
  EXPECT_THAT(why({0, 0, 8}), HasSubstr("the shard has 7"));
  EXPECT_TRUE(absl::IsInvalidArgument(Read(ReadOptions{.threads = 1, .max_waiting_bytes = 0}).status));
}

TEST_F(DatasetReaderTest, ASampleKnowsItsPlace) {
  Fill({3, 0});
  const auto reader = DatasetReader::Start(world_.store, dataset_, {{0, 1, 3}});
  Sample sample;
  ASSERT_TRUE(*(*reader)->Next(sample));
  EXPECT_EQ(sample.shard, 0u);
  EXPECT_EQ(sample.record, 1);
  EXPECT_EQ(sample.offset, static_cast<int64_t>(EncodeRecord(world_.shards[0][0]).size() + 16));
}

TEST_F(DatasetReaderTest, TransformsRunOnTheThreadsAndTheirErrorsAreTheRecords) {
  Fill({20, 20});
  std::atomic<int> calls{0};
  ReadOptions options;
  options.transform = [&calls](Sample& sample) {
    ++calls;
    if (sample.image_name == "1/7") return absl::DataLossError("too bright");
    sample.image_name += "!";
    return absl::OkStatus();
  };
  const ReadBack back = Read(options);
  EXPECT_EQ(back.names.size(), 27u) << "all before it, in order";
  EXPECT_EQ(back.names[0], "0/0!");
  EXPECT_THAT(
      std::string(back.status.message()),
      AllOf(HasSubstr("/data/set/train-00001-of-00002.tfrecord.gz: record 7 at byte "), HasSubstr(": too bright")));
}

TEST_F(DatasetReaderTest, AnErrorComesBehindAllThatIsGoodAndStays) {
  world_.spec.set_compression(COMPRESSION_NONE);
  Fill({20, 20});
  std::string bytes = world_.Read(world_.Shard(1));
  bytes[bytes.size() - 20] ^= 1;
  world_.Replace(world_.Shard(1), bytes);
  const auto reader = DatasetReader::Start(world_.store, dataset_, *RangesOf(dataset_, SPLIT_TRAIN));
  const ReadBack back = ReadAll(**reader);
  EXPECT_EQ(back.names.size(), 39u);
  EXPECT_TRUE(absl::IsDataLoss(back.status));
  EXPECT_THAT(std::string(back.status.message()),
              AllOf(HasSubstr("/data/set/train-00001-of-00002.tfrecord: record 19 at byte "),
                    HasSubstr("the record's checksum is wrong")));
  EXPECT_EQ(ReadAll(**reader).status, back.status);
}

TEST_F(DatasetReaderTest, AFileThatIsNotTheManifestsIsRefused) {
  Fill({5, 5});
  const std::string good = world_.Read(world_.Shard(0));
  world_.Replace(world_.Shard(0), good + "x");
  EXPECT_THAT(std::string(Read().status.message()), HasSubstr("bytes, the manifest says"));
  world_.Replace(world_.Shard(0), good);
  EXPECT_TRUE(Read().status.ok());
  dataset_.shards[0].rows = 6;
  EXPECT_THAT(std::string(Read().status.message()), HasSubstr("it has 5 records, the manifest says 6"));
  world_.Remove(world_.Shard(0));
  EXPECT_TRUE(absl::IsNotFound(Read().status));
}

TEST_F(DatasetReaderTest, EveryChangedByteOfAShardIsNoticed) {
  Fill({2, 0});
  const std::string good = world_.Read(world_.Shard(0));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 0x10;
    world_.Replace(world_.Shard(0), bad);
    const bool header = i >= 4 && i < 10;           // time, flags of the compressor, system: nothing of the content
    const bool padding = i == good.size() - 8 - 1;  // bits behind the end of the last block
    EXPECT_TRUE(header || padding || !Read(ReadOptions{.threads = 1}).status.ok()) << i;
  }
}

TEST_F(DatasetReaderTest, AFolderWithoutAManifestIsReadByNames) {
  Fill({3, 2});
  world_.Remove("_manifest.json");
  dataset_ = *OpenDataset(world_.store, world_.folder);
  EXPECT_EQ(Read().names, AllNames());
  EXPECT_EQ(ReadRanges({{0, 1, 2}}).names, Names(0, 1, 2));
  EXPECT_EQ(RowsOf(dataset_, SPLIT_TRAIN), std::nullopt);
  EXPECT_TRUE(absl::IsFailedPrecondition(RangesOf(dataset_, SPLIT_TRAIN, 0, 1).status()));
  EXPECT_THAT(std::string(ReadRanges({{0, 9}}).status.message()),
              HasSubstr("it has 3 records, and is to be read from 9"));
  EXPECT_TRUE(absl::IsNotFound(OpenDataset(world_.store, "/nowhere").status()));
}

TEST_F(DatasetReaderTest, CancelEndsAReaderThatWaits) {
  Fill({20, 20});
  ReadOptions options;
  std::atomic<bool> hold{true};
  options.threads = 2;
  options.transform = [&hold](Sample&) {
    while (hold) std::this_thread::yield();
    return absl::OkStatus();
  };
  const auto reader = DatasetReader::Start(world_.store, dataset_, *RangesOf(dataset_, SPLIT_TRAIN), options);
  std::thread other([&] { (*reader)->Cancel(); });
  Sample sample;
  EXPECT_TRUE(absl::IsCancelled((*reader)->Next(sample).status()));
  other.join();
  hold = false;
  EXPECT_TRUE(absl::IsCancelled((*reader)->Next(sample).status()));
}

TEST_F(DatasetReaderTest, LeavingInTheMiddleIsFine) {
  Fill({40, 30});
  for (const bool ordered : {true, false}) {
    const auto reader = DatasetReader::Start(world_.store, dataset_, *RangesOf(dataset_, SPLIT_TRAIN),
                                             {.threads = 3, .ordered = ordered, .max_waiting_bytes = 1});
    Sample sample;
    EXPECT_TRUE(*(*reader)->Next(sample));
  }
}

// A million waiting samples would be the same story.
TEST_F(DatasetReaderTest, WhatWaitsIsBounded) {
  Fill({400, 0});
  std::atomic<int> decoded{0};
  ReadOptions options;
  options.threads = 3;
  options.max_waiting_bytes = 4000;
  options.transform = [&decoded](Sample&) {
    ++decoded;
    return absl::OkStatus();
  };
  const auto reader = DatasetReader::Start(world_.store, dataset_, *RangesOf(dataset_, SPLIT_TRAIN), options);
  Sample sample;
  for (int taken = 1; taken <= 400; ++taken) {
    ASSERT_TRUE(*(*reader)->Next(sample));
    EXPECT_LE(decoded.load(), taken + 4000 / 200 + 3);
  }
}

}  // namespace
}  // namespace millrace
