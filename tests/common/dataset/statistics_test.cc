#include "common/dataset/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "tests/common/dataset/dataset_world.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void AddLabel(ScanSummary& summary, int split, const std::string& label, int64_t rows) {
  ScanSummary::LabelCount& count = *summary.mutable_splits(split)->add_labels();
  count.set_label(label);
  count.set_rows(rows);
}

TEST(Statistics, AddsUpShardsBySplit) {
  DatasetWorld world;
  world.Write();
  AddLabel(world.summary, 0, "dog", 2);
  AddLabel(world.summary, 0, "cat", 1);
  const DatasetStatistics statistics = MakeStatistics(world.work, world.summary);
  ASSERT_EQ(statistics.splits.size(), 2u);
  const SplitStatistics& train = statistics.splits[0];
  EXPECT_EQ(train.rows, 4);
  EXPECT_EQ(train.written, 3);
  EXPECT_EQ(train.dead_letters, 1);
  EXPECT_EQ(train.pixels, 2 * 6 + 16);
  EXPECT_EQ(train.mean_pixels, 9);
  EXPECT_EQ(train.min_width, 3);
  EXPECT_EQ(train.max_width, 4);
  EXPECT_EQ(train.min_height, 2);
  EXPECT_EQ(train.unlabelled_written, 1);
  ASSERT_EQ(train.labels.size(), 2u);
  EXPECT_EQ(train.labels[1].id, 1);
  EXPECT_EQ(train.labels[1].written, 1);
  EXPECT_EQ(statistics.counts.rows(), 7);
  EXPECT_EQ(statistics.counts.written(), 5);
}

TEST(Statistics, TheOrderOfShardsDoesNotMatter) {
  DatasetWorld world;
  world.Write();
  const std::string text = StatisticsText(MakeStatistics(world.work, world.summary));
  world.work.mutable_shards()->SwapElements(0, 2);
  EXPECT_EQ(StatisticsText(MakeStatistics(world.work, world.summary)), text);
}

TEST(Statistics, AnEmptyShardHasNoSmallestImage) {
  DatasetWorld world;
  world.shards[0].clear();
  world.Write();
  const SplitStatistics train = MakeStatistics(world.work, world.summary).splits[0];
  EXPECT_EQ(train.min_width, 4);
  EXPECT_EQ(train.max_width, 4);
}

TEST(Statistics, WarnsOfLabelsAboveOneHundredTimes) {
  const auto warnings = [](int64_t most, int64_t least) {
    DatasetWorld world;
    world.Write();
    AddLabel(world.summary, 0, "dog", most);
    AddLabel(world.summary, 0, "cat", least);
    return MakeStatistics(world.work, world.summary).warnings;
  };
  EXPECT_THAT(warnings(200, 2), IsEmpty());
  EXPECT_THAT(warnings(201, 2), ElementsAre(HasSubstr("'dog' has 201 rows, 'cat' has 2")));
}

TEST(Statistics, ReadBackWhatWasWritten) {
  DatasetWorld world;
  world.Write();
  AddLabel(world.summary, 0, "say \"cheese\",\n\xe7\x8c\xab", 3);
  AddLabel(world.summary, 0, "not in the vocabulary", 1);
  world.summary.add_warnings("a \"warning\"");
  const std::string text = StatisticsText(MakeStatistics(world.work, world.summary));
  const auto read = ParseStatistics(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(StatisticsText(*read), text);
  EXPECT_EQ(read->splits[0].labels[0].label, "say \"cheese\",\n\xe7\x8c\xab");
  EXPECT_EQ(read->splits[0].labels[1].id, -1);
}

TEST(Statistics, BytesThatAreNotUtf8AreReplaced) {
  DatasetWorld world;
  world.Write();
  AddLabel(world.summary, 0, "caf\xe9", 3);
  const auto read = ParseStatistics(StatisticsText(MakeStatistics(world.work, world.summary)));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->splits[0].labels[0].label, "caf\xef\xbf\xbd");
}

TEST(Statistics, DamageIsNamedAndANewerVersionRefused) {
  DatasetWorld world;
  world.Write();
  const std::string good = world.Read("_stats.json");
  const auto error = [&](const char* from, const char* to) {
    return std::string(ParseStatistics(absl::StrReplaceAll(good, {{from, to}})).status().message());
  };
  EXPECT_THAT(error("\"pixels\": 28", "\"pixels\": \"28\""), HasSubstr("splits[0].pixels: must be an integer"));
  EXPECT_THAT(error("\"warnings\": []", "\"warnings\": [1]"), HasSubstr("warnings: must hold strings only"));
  EXPECT_THAT(error("\"version\": 1", "\"version\": 9"), HasSubstr("version 9"));
}

}  // namespace
}  // namespace millrace
