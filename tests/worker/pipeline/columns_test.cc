// What a record holds beside the picture: labels under any name, lists of them, further columns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/io/gzip_reader.h"
#include "common/record/feature_entry.h"
#include "common/record/record_reader.h"
#include "proto/example.pb.h"
#include "tests/worker/pipeline/shard_world.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<google::protobuf::Map<std::string, Feature>> Records(const ShardResult& run) {
  EXPECT_TRUE(run.status.ok()) << run.status;
  MemorySource source(run.bytes);
  GzipReader gzip(source);
  RecordReader reader(gzip);
  std::vector<google::protobuf::Map<std::string, Feature>> records;
  for (ByteBuffer record; reader.Next(record).value();) {
    Example example;
    EXPECT_TRUE(example.ParseFromString(std::string(record.view())));
    records.push_back(example.features().feature());
  }
  return records;
}

void AddColumn(ShardWorld& world, const std::string& name, ColumnType type) {
  Column& column = *world.spec.add_columns();
  column.set_name(name);
  column.set_type(type);
}

TEST(RecordColumns, SeveralLabelsAreAListInTheirOrder) {
  ShardWorld world;
  world.spec.set_multi_label(true);
  for (const char* name : {"a.jpg", "b.jpg", "c.jpg"}) world.AddImage(name);
  world.AddRow("a.jpg", "cat\nbird\ndog");
  world.AddRow("b.jpg", "");
  world.AddRow("c.jpg", "dog");
  const ShardResult run = world.Run();
  const auto records = Records(run);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[0].at("label").int64_list().value(), ElementsAre(1, -1, 0));
  EXPECT_THAT(records[1].at("label").int64_list().value(), IsEmpty());
  EXPECT_THAT(records[2].at("label").int64_list().value(), ElementsAre(0));
  const auto& labels = run.result.statistics().labels();
  EXPECT_EQ(labels.at(0), 2);
  EXPECT_EQ(labels.at(1), 1);
  EXPECT_EQ(labels.at(-1), 1);  // b.jpg
}

TEST(RecordColumns, FurtherColumnsAreFeaturesBesideALabelOfAnyName) {
  ShardWorld world;
  AddColumn(world, "uri", COLUMN_IMAGE_URI);
  AddColumn(world, "breed", COLUMN_STRING_LABEL);
  AddColumn(world, "weight", COLUMN_FLOAT);
  std::string features;
  AppendFloatFeature("weight", 4.25f, features);
  world.AddImage("a.jpg");
  world.AddRow("a.jpg", "cat", features);
  const auto records = Records(world.Run());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].size(), 8u);
  EXPECT_THAT(records[0].at("breed").int64_list().value(), ElementsAre(1));
  EXPECT_THAT(records[0].at("weight").float_list().value(), ElementsAre(4.25f));
}

TEST(RecordColumns, ASchemaWithoutAStringLabelHasNoLabel) {
  ShardWorld world;
  AddColumn(world, "uri", COLUMN_IMAGE_URI);
  world.AddImage("a.jpg");
  world.AddRow("a.jpg", "");
  const auto records = Records(world.Run());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].count("label"), 0u);
  EXPECT_EQ(records[0].size(), 6u);
}

}  // namespace
}  // namespace millrace
