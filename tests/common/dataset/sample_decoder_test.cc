// One record of every payload.
#include "common/dataset/sample_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "proto/example.pb.h"
#include "tests/common/dataset/dataset_world.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TestRecord kRecord = {.image_name = "a.jpg", .label = 1, .height = 20, .width = 31};

std::string Why(Payload payload, const std::string& record, DecodeDepth depth = DecodeDepth::kPixels) {
  Sample sample;
  const absl::Status status = SampleDecoder(payload, depth).Decode(record, sample);
  EXPECT_TRUE(status.ok() || absl::IsDataLoss(status)) << status;
  return std::string(status.message());
}

// The record with its features changed.
template <typename Change>
std::string Changed(Payload payload, Change change) {
  Example example;
  EXPECT_TRUE(example.ParseFromString(EncodeRecord(kRecord, payload)));
  change(*example.mutable_features()->mutable_feature());
  return example.SerializeAsString();
}

TEST(SampleDecoder, PixelsComeBackFromEveryPayload) {
  for (const int64_t channels : {1, 3}) {
    TestRecord record = kRecord;
    record.channels = channels;
    for (const Payload payload : {PAYLOAD_RAW_BASE64, PAYLOAD_RAW, PAYLOAD_PNG}) {
      Sample sample;
      const absl::Status status = SampleDecoder(payload).Decode(EncodeRecord(record, payload), sample);
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(sample.pixels.view(), PixelsOf(record)) << payload;
      EXPECT_EQ(sample.label, 1);
    }
    Sample sample;
    ASSERT_TRUE(SampleDecoder(PAYLOAD_JPEG).Decode(EncodeRecord(record, PAYLOAD_JPEG), sample).ok());
    EXPECT_EQ(sample.pixels.size(), PixelsOf(record).size());
  }
}

TEST(SampleDecoder, StructureOnlyGivesNoPixelsOfFiles) {
  for (const Payload payload : {PAYLOAD_JPEG, PAYLOAD_PNG}) {
    Sample sample;
    ASSERT_TRUE(SampleDecoder(payload, DecodeDepth::kStructure).Decode(EncodeRecord(kRecord, payload), sample).ok());
    EXPECT_EQ(sample.pixels.size(), 0u);
    EXPECT_EQ(sample.width, 31);
  }
}

TEST(SampleDecoder, OtherFeaturesAreThereByName) {
  const std::string record = Changed(PAYLOAD_RAW, [](auto& features) {
    features["weight"].mutable_float_list()->add_value(0.5f);
    features["tags"].mutable_bytes_list()->add_value("old");
    features["tags"].mutable_bytes_list()->add_value("blurred");
    features["label"].mutable_int64_list()->add_value(2);
    features.erase("split");
  });
  Sample sample;
  ASSERT_TRUE(SampleDecoder(PAYLOAD_RAW).Decode(record, sample).ok());
  EXPECT_THAT(std::get<std::vector<float>>(sample.Find("weight")->values), ElementsAre(0.5f));
  EXPECT_THAT(std::get<std::vector<std::string>>(sample.Find("tags")->values), ElementsAre("old", "blurred"));
  EXPECT_EQ(sample.label, std::nullopt) << "two values are not the label";
  EXPECT_THAT(std::get<std::vector<int64_t>>(sample.Find("label")->values), ElementsAre(1, 2));
  EXPECT_EQ(sample.split, "");
  EXPECT_EQ(sample.Find("image"), nullptr);
}

TEST(SampleDecoder, SaysWhatIsWrong) {
  for (const Payload payload : {PAYLOAD_RAW_BASE64, PAYLOAD_RAW, PAYLOAD_JPEG, PAYLOAD_PNG}) {
    EXPECT_THAT(Why(payload, "\xff"), HasSubstr("not a tf.train.Example"));
    EXPECT_THAT(Why(payload, ""), HasSubstr("no feature 'image'"));
    EXPECT_THAT(Why(payload, Changed(payload, [](auto& f) { f.erase("image_width"); })), HasSubstr("'image_width'"));
    EXPECT_THAT(Why(payload, Changed(payload, [](auto& f) { f["image_height"].clear_kind(); })),
                HasSubstr("'image_height' is not one integer"));
    const auto set = [&](const char* name, int64_t value) {
      return Changed(payload, [&](auto& f) { f[name].mutable_int64_list()->set_value(0, value); });
    };
    EXPECT_THAT(Why(payload, set("image_height", int64_t{1} << 40)), HasSubstr("not an image size"));
    EXPECT_THAT(Why(payload, set("image_height", -1)), HasSubstr("not an image size: 31x-1x3"));
    EXPECT_THAT(Why(payload, set("image_channels", 4)), HasSubstr("not an image size"));
    EXPECT_THAT(Why(payload, set("image_height", 21)), HasSubstr("31x21x3"));
  }
}

TEST(SampleDecoder, ARecordOfAnotherPayloadIsRefused) {
  EXPECT_THAT(Why(PAYLOAD_RAW_BASE64, EncodeRecord(kRecord, PAYLOAD_RAW)), HasSubstr("not base64url text"));
  EXPECT_THAT(Why(PAYLOAD_RAW, EncodeRecord(kRecord, PAYLOAD_RAW_BASE64)), HasSubstr("needs 1,860"));
  EXPECT_THAT(Why(PAYLOAD_JPEG, EncodeRecord(kRecord, PAYLOAD_PNG)), HasSubstr("a PNG, not a JPEG"));
  EXPECT_THAT(Why(PAYLOAD_PNG, EncodeRecord(kRecord, PAYLOAD_JPEG)), HasSubstr("a JPEG, not a PNG"));
  EXPECT_THAT(Why(PAYLOAD_JPEG, EncodeRecord(kRecord, PAYLOAD_RAW)), HasSubstr("not a whole JPEG"));
  for (const Payload payload : {PAYLOAD_JPEG, PAYLOAD_PNG})
    EXPECT_THAT(Why(payload, EncodeRecord(kRecord, PAYLOAD_RAW), DecodeDepth::kStructure), HasSubstr("not a whole"));
}

TEST(SampleDecoder, DamageInsideAFileIsFoundByDecoding) {
  for (const Payload payload : {PAYLOAD_JPEG, PAYLOAD_PNG}) {
    const std::string record = Changed(payload, [](auto& features) {
      std::string& file = *features["image"].mutable_bytes_list()->mutable_value(0);
      file.resize(file.size() / 2);
    });
    EXPECT_THAT(Why(payload, record), HasSubstr("feature 'image' is not a whole ")) << payload;
  }
}

}  // namespace
}  // namespace millrace
