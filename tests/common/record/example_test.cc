// A record as the conversion writes it, read by protobuf.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/io/crc32c.h"
#include "common/record/example_writer.h"
#include "common/record/feature_entry.h"
#include "common/record/record_reader.h"
#include "common/record/record_writer.h"
#include "common/record/shard_name.h"
#include "proto/example.pb.h"
#include "tests/support/decoded_example.h"

namespace millrace {
namespace {

using testing::HasSubstr;

std::string Frame(absl::string_view image, const ExampleFields& fields) {
  RecordShell shell;
  shell.Reset(image.size(), fields);
  uint32_t crc = MaskCrc32c(Crc32c(shell.tail(), Crc32c(image, shell.crc_of_head())));
  std::string frame = absl::StrCat(shell.head(), image, shell.tail());
  frame.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  EXPECT_EQ(frame.size(), shell.record_size());
  return frame;
}

std::string ReadOne(absl::string_view frame) {
  MemorySource source(frame);
  RecordReader reader(source);
  ByteBuffer record;
  absl::StatusOr<bool> read = reader.Next(record);
  EXPECT_TRUE(read.ok() && *read) << read.status();
  ByteBuffer next;
  EXPECT_FALSE(reader.Next(next).value());
  return std::string(record.view());
}

TEST(RecordShell, IsAnExampleOfSevenFeatures) {
  ExampleFields fields{
      .image_name = "cat.7.jpg", .height = 2, .width = 3, .channels = 1, .split = "VALIDATION", .label = -1};
  Example example;
  ASSERT_TRUE(example.ParseFromString(ReadOne(Frame("AAECAwQF", fields))));
  const auto& feature = example.features().feature();
  ASSERT_EQ(feature.size(), 7u);
  EXPECT_EQ(feature.at("image").bytes_list().value(0), "AAECAwQF");
  EXPECT_EQ(feature.at("image_name").bytes_list().value(0), "cat.7.jpg");
  EXPECT_EQ(feature.at("image_height").int64_list().value(0), 2);
  EXPECT_EQ(feature.at("image_width").int64_list().value(0), 3);
  EXPECT_EQ(feature.at("image_channels").int64_list().value(0), 1);
  EXPECT_EQ(feature.at("split").bytes_list().value(0), "VALIDATION");
  EXPECT_EQ(feature.at("label").int64_list().value(0), -1);
}

TEST(RecordShell, TakesALabelUnderAnotherNameAListOrNone) {
  const std::vector<int64_t> labels = {3, -1, 300};
  const auto features_of = [](const ExampleFields& fields) {
    Example example;
    EXPECT_TRUE(example.ParseFromString(ReadOne(Frame("AAECAwQF", fields))));
    return example.features().feature();
  };
  auto feature = features_of({.label = 7, .label_name = "breed"});
  EXPECT_EQ(feature.at("breed").int64_list().value(0), 7);
  EXPECT_EQ(feature.count("label"), 0u);
  feature = features_of({.labels = absl::MakeConstSpan(labels)});
  EXPECT_THAT(feature.at("label").int64_list().value(), testing::ElementsAre(3, -1, 300));
  feature = features_of({.labels = absl::Span<const int64_t>()});
  EXPECT_EQ(feature.at("label").int64_list().value_size(), 0);
  EXPECT_EQ(feature.at("label").kind_case(), Feature::kInt64List);
  EXPECT_EQ(features_of({.label_name = ""}).size(), 6u);
}

TEST(RecordShell, HasTheFeaturesOfFurtherColumns) {
  std::string more;
  AppendIntFeature("age", -5, more);
  AppendFloatFeature("weight", 1.5f, more);
  AppendBytesFeature("note", std::string(300, 'n'), more);
  AppendBytesFeature("", "", more);
  Example example;
  ASSERT_TRUE(example.ParseFromString(ReadOne(Frame("AAECAwQF", {.more = more}))));
  const auto& feature = example.features().feature();
  ASSERT_EQ(feature.size(), 11u);
  EXPECT_EQ(feature.at("age").int64_list().value(0), -5);
  EXPECT_EQ(feature.at("weight").float_list().value(0), 1.5f);
  EXPECT_EQ(feature.at("note").bytes_list().value(0), std::string(300, 'n'));
  EXPECT_EQ(feature.at("").bytes_list().value(0), "");
}

TEST(RecordShell, IsRightForEverySizeOfItsLengths) {
  for (size_t size : {0, 1, 100, 127, 128, 129, 16'000, 16'383, 16'384, 2'097'151, 2'097'152, 3'000'000}) {
    std::string image(size, 'A');
    std::string name(size % 300, 'n');
    Example example;
    ASSERT_TRUE(
        example.ParseFromString(ReadOne(Frame(image, {.image_name = name, .height = 65'500, .split = "TRAIN"}))));
    EXPECT_TRUE(example.features().feature().at("image").bytes_list().value(0) == image) << size;
    EXPECT_EQ(example.features().feature().at("image_name").bytes_list().value(0), name);
  }
}

TEST(RecordShell, HasItsFeaturesInAFixedOrder) {
  std::string frame = Frame("QUJD", {.image_name = "n", .height = 1, .width = 1, .channels = 3, .split = "TRAIN"});
  size_t last = 0;
  for (const char* name : {"image", "image_name", "image_height", "image_width", "image_channels", "split", "label"}) {
    size_t at = frame.find(absl::StrCat(std::string(1, static_cast<char>(std::strlen(name))), name));
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GT(at, last) << name;
    last = at;
  }
}

TEST(DecodeExample, GivesThePixelsBack) {
  std::string record = ReadOne(
      Frame("AAECAwQF", {.image_name = "a.jpg", .height = 1, .width = 2, .channels = 3, .split = "TEST", .label = 4}));
  absl::StatusOr<DecodedExample> decoded = DecodeExample(record);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->pixels, std::string("\0\1\2\3\4\5", 6));
  EXPECT_EQ(decoded->image_name, "a.jpg");
  EXPECT_EQ(decoded->split, "TEST");
  EXPECT_EQ(decoded->label, 4);
}

TEST(DecodeExample, NamesWhatIsWrong) {
  auto why = [](const std::string& record) { return std::string(DecodeExample(record).status().message()); };
  EXPECT_THAT(why("\xff\xff\xff"), HasSubstr("not a tf.train.Example"));
  EXPECT_THAT(why(""), HasSubstr("no feature 'image'"));
  EXPECT_THAT(why(ReadOne(Frame("AAEC", {.height = 2, .width = 2, .channels = 3}))), HasSubstr("2x2x3 needs 12"));
  EXPECT_THAT(why(ReadOne(Frame("AA!C", {.height = 1, .width = 1, .channels = 3}))), HasSubstr("base64url"));
  EXPECT_THAT(why(ReadOne(Frame("AAEC", {.height = int64_t{1} << 40, .width = 1, .channels = 3}))),
              HasSubstr("not an image size"));
}

TEST(ShardFileName, IsWhatTheLoaderGlobs) {
  EXPECT_EQ(ShardFileName(SPLIT_TRAIN, 3, 64, COMPRESSION_GZIP), "train-00003-of-00064.tfrecord.gz");
  EXPECT_EQ(ShardFileName(SPLIT_VALIDATION, 0, 1, COMPRESSION_NONE), "validation-00000-of-00001.tfrecord");
  EXPECT_EQ(ShardFileName(SPLIT_TEST, 0, 1, COMPRESSION_GZIP), "test-00000-of-00001.tfrecord.gz");
}

}  // namespace
}  // namespace millrace
