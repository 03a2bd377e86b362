// The hand-written parser against protobuf's.
#include "common/record/example_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "proto/example.pb.h"
#include "tests/common/record/same_example.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Why(absl::string_view record) {
  ExampleView view;
  return std::string(view.Parse(record).message());
}

Example Everything() {
  Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  features["image"].mutable_bytes_list()->add_value(std::string(70'000, 'p'));
  features["label"].mutable_int64_list()->add_value(-1);
  features["boxes"].mutable_float_list()->add_value(0.25f);
  features["boxes"].mutable_float_list()->add_value(-3e20f);
  for (int i = 0; i < 64; ++i) features["labels"].mutable_int64_list()->add_value(int64_t{1} << i);
  features["words"].mutable_bytes_list()->add_value("one");
  features["words"].mutable_bytes_list()->add_value("");
  features["no list"];
  features["no value"].mutable_int64_list();
  return example;
}

TEST(ExampleView, FindsEverythingWhereItLies) {
  const std::string record = Everything().SerializeAsString();
  ExampleView view;
  ASSERT_TRUE(view.Parse(record).ok()) << Why(record);
  EXPECT_EQ(DifferenceToProtobuf(view, record), "");
  EXPECT_EQ(view.Bytes("image")->size(), 70'000u);
  EXPECT_GE(view.Bytes("image")->data(), record.data());
  EXPECT_EQ(*view.Int("label"), -1);
  EXPECT_THAT(FloatsOf(*view.Find("boxes")), ElementsAre(0.25f, -3e20f));
  EXPECT_THAT(BytesOf(*view.Find("words")), ElementsAre("one", ""));
  EXPECT_EQ(view.Find("no list")->kind, FeatureKind::kNone);
  EXPECT_EQ(view.Find("absent"), nullptr);
}

TEST(ExampleView, TakesListsThatAreNotPacked) {
  const std::string record("\x0a\x12\x0a\x10\x0a\x01k\x12\x0b\x1a\x09\x08\x05\x0a\x02\x06\x07\x08\x80\x01", 20);
  ExampleView view;
  ASSERT_TRUE(view.Parse(record).ok()) << Why(record);
  EXPECT_THAT(IntsOf(view.features()[0]), ElementsAre(5, 6, 7, 128));
  EXPECT_EQ(DifferenceToProtobuf(view, record), "");
}

TEST(ExampleView, SaysWhatIsMissing) {
  const std::string record = Everything().SerializeAsString();
  ExampleView view;
  ASSERT_TRUE(view.Parse(record).ok());
  EXPECT_EQ(view.Int("absent").status().message(), "the example has no feature 'absent'");
  EXPECT_EQ(view.Int("labels").status().message(), "feature 'labels' is not one integer");
  EXPECT_EQ(view.Int("image").status().message(), "feature 'image' is not one integer");
  EXPECT_EQ(view.Bytes("no list").status().message(), "feature 'no list' is not one byte string");
}

TEST(ExampleView, IsStrict) {
  ExampleView view;
  EXPECT_TRUE(view.Parse("").ok());
  EXPECT_EQ(Why("<html>"), "the record is not a tf.train.Example: not a message of features, at byte 1");
  EXPECT_THAT(Why(std::string("\x0a\x00\x0a\x00", 4)), HasSubstr("bytes behind the features, at byte 2"));
  EXPECT_THAT(Why("\x0a\x05\x0a"), HasSubstr("it ends inside a field"));
  EXPECT_THAT(Why("\x0a\x09\x0a\x07\x0a\x01k\x12\x02\x22\x00"), HasSubstr("it ends inside a field"));
  EXPECT_THAT(Why(std::string("\x0a\x09\x0a\x07\x0a\x01k\x12\x02\x22\x00", 11)), HasSubstr("unknown kind of feature"));
  const std::string entry("\x0a\x05\x0a\x01k\x12\x00", 7);
  EXPECT_EQ(Why("\x0a\x07" + entry), "");
  EXPECT_THAT(Why("\x0a\x0e" + entry + entry), HasSubstr("name is there twice"));
}

TEST(ExampleView, HundredsOfFeaturesAndOneTwice) {
  Example example;
  for (int i = 0; i < 300; ++i) (*example.mutable_features()->mutable_feature())["column " + std::to_string(i)];
  std::string record = example.SerializeAsString();
  ExampleView view;
  ASSERT_TRUE(view.Parse(record).ok());
  EXPECT_EQ(view.features().size(), 300u);
  const std::string features = example.features().SerializeAsString();
  const size_t size = 2 * features.size();
  const std::string head = {0x0a, static_cast<char>(size | 128), static_cast<char>(size >> 7)};
  ASSERT_LT(size, size_t{1} << 14);
  EXPECT_THAT(Why(head + features + features), HasSubstr("name is there twice"));
}

// Whatever it takes, protobuf takes too and finds the same.
TEST(ExampleView, NeverReadsAnythingElseThanProtobuf) {
  Example example = Everything();
  example.mutable_features()->mutable_feature()->erase("image");
  const std::string good = example.SerializeAsString();
  std::mt19937 random(11);
  int taken = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string changed = good;
    for (unsigned k = 0; k <= random() % 3; ++k) changed[random() % changed.size()] = static_cast<char>(random() % 32);
    if (random() % 4 == 0) changed.resize(random() % changed.size());
    ExampleView view;
    if (!view.Parse(changed).ok()) continue;
    ++taken;
    ASSERT_EQ(DifferenceToProtobuf(view, changed), "");
  }
  EXPECT_GT(taken, 200);
}

}  // namespace
}  // namespace millrace
