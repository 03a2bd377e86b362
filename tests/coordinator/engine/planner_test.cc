#include "coordinator/engine/state/planner.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

SplitPlan Split(int64_t rows, int64_t sampled_rows = 0, int64_t sampled_bytes = 0) {
  SplitPlan split;
  split.set_rows(rows);
  split.set_sampled_rows(sampled_rows);
  split.set_sampled_bytes(sampled_bytes);
  return split;
}

ConvertSpec Shards(int64_t number) {
  ConvertSpec spec;
  spec.set_num_shards(number);
  return spec;
}

TEST(Planner, AsManyShardsAsAskedForButNoEmptyOnes) {
  EXPECT_EQ(NumShards(Shards(4), Split(100)), 4);
  EXPECT_EQ(NumShards(Shards(4), Split(3)), 3);
  EXPECT_EQ(NumShards(Shards(4), Split(0)), 0);
}

TEST(Planner, ShardSizeIsReachedFromTheSample) {
  ConvertSpec spec;
  spec.set_shard_size_bytes(1000);
  EXPECT_EQ(NumShards(spec, Split(100, 10, 500)), 5);  // 50 bytes a row
  EXPECT_EQ(NumShards(spec, Split(101, 10, 500)), 6);  // one byte more is one shard more
  EXPECT_EQ(NumShards(spec, Split(3, 1, 100000)), 3);  // a row is never split
  EXPECT_EQ(NumShards(spec, Split(100, 10, 0)), 1);
}

TEST(Planner, DefaultsAre128MiBAnd350kBARowWithoutSample) {
  EXPECT_EQ(NumShards(ConvertSpec(), Split(383)), 1);
  EXPECT_EQ(NumShards(ConvertSpec(), Split(384)), 2);
}

TEST(Planner, ShardsCoverEveryOrdinalOnce) {
  ScanResult scan;
  *scan.add_splits() = Split(103);
  *scan.add_splits() = Split(2);
  scan.mutable_splits(1)->set_split(SPLIT_TEST);
  scan.set_scan_dir("/out/_staging/scan");
  const std::vector<WriteWork> plan = Plan(Shards(10), scan);
  ASSERT_EQ(plan.size(), 12u);
  int64_t next = 0;
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(plan[i].begin(), next);
    EXPECT_GE(plan[i].end() - plan[i].begin(), 10);
    EXPECT_LE(plan[i].end() - plan[i].begin(), 11);
    next = plan[i].end();
  }
  EXPECT_EQ(next, 103);
  EXPECT_EQ(plan[11].split(), SPLIT_TEST);
  EXPECT_EQ(plan[11].shard(), 1u);
  EXPECT_EQ(plan[11].num_shards(), 2u);
  EXPECT_EQ(plan[11].split_rows(), 2);
  EXPECT_EQ(plan[11].scan_dir(), "/out/_staging/scan");
}

TEST(Planner, BadRowsFailAJobOnlyAboveBothDefaults) {
  const ConvertSpec spec;
  EXPECT_FALSE(TooManyBadRows(spec, 10, 20));  // half of the rows, but only ten
  EXPECT_TRUE(TooManyBadRows(spec, 11, 20));
  EXPECT_FALSE(TooManyBadRows(spec, 100, 1000));  // exactly 10 %
  EXPECT_TRUE(TooManyBadRows(spec, 101, 1000));
  EXPECT_FALSE(TooManyBadRows(spec, 0, 0));
}

TEST(Planner, ALimitThatTheUserGaveStandsAlone) {
  ConvertSpec rows;
  rows.set_max_bad_rows(0);
  EXPECT_FALSE(TooManyBadRows(rows, 0, 1000));
  EXPECT_TRUE(TooManyBadRows(rows, 1, 1000));
  ConvertSpec fraction;
  fraction.set_max_bad_fraction(0.5);
  EXPECT_FALSE(TooManyBadRows(fraction, 5, 10));
  EXPECT_TRUE(TooManyBadRows(fraction, 6, 10));
  rows.set_max_bad_fraction(0.5);
  EXPECT_FALSE(TooManyBadRows(rows, 5, 10));  // both given: both must be exceeded
}

}  // namespace
}  // namespace millrace
