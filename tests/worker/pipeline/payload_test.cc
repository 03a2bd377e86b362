// What a record holds for each --payload, and when a JPEG is passed through.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/image/image_decoder.h"
#include "common/io/byte_stream.h"
#include "common/record/record_reader.h"
#include "proto/example.pb.h"
#include "tests/worker/pipeline/shard_world.h"

namespace millrace {
namespace {

using testing::HasSubstr;

struct Image {
  std::string bytes;  // the feature's
  int64_t width = 0, height = 0, channels = 0;
};

int64_t IntOf(const Example& example, const char* name) {
  return example.features().feature().at(name).int64_list().value(0);
}

class Payloads : public testing::Test {
 protected:
  std::vector<Image> Images(const ShardRun& run = {}) {
    const ShardResult result = world_.Run(run);
    EXPECT_TRUE(result.status.ok()) << result.status;
    dead_letters_ = result.dead_letters;
    MemorySource source(result.bytes);
    RecordReader reader(source);
    std::vector<Image> images;
    ByteBuffer record;
    while (*reader.Next(record)) {
      Example example;
      EXPECT_TRUE(example.ParseFromArray(record.data(), static_cast<int>(record.size())));
      images.push_back({example.features().feature().at("image").bytes_list().value(0), IntOf(example, "image_width"),
                        IntOf(example, "image_height"), IntOf(example, "image_channels")});
    }
    return images;
  }
  Image OneImage(const std::string& file) {
    world_.AddFile("one.jpg", file);
    world_.AddRow("one.jpg");
    std::vector<Image> images = Images();
    EXPECT_EQ(images.size(), 1u) << dead_letters_;
    return images.empty() ? Image() : images[0];
  }
  static std::string PixelsOf(const std::string& file) {
    ImageDecoder decoder;
    const ImageOr<ImageHeader> header = decoder.Open(file, {}, {});
    if (!std::holds_alternative<ImageHeader>(header)) return std::get<ImageError>(header).detail;
    std::string pixels(static_cast<size_t>(std::get<ImageHeader>(header).pixel_bytes()), '\0');
    EXPECT_FALSE(decoder.Decode(reinterpret_cast<uint8_t*>(pixels.data())).has_value());
    return pixels;
  }
  void Ask(Payload payload) {
    world_.spec.set_payload(payload);
    world_.spec.set_compression(COMPRESSION_NONE);
  }

  ShardWorld world_;
  std::string dead_letters_;
};

TEST_F(Payloads, RawIsThePixelsThemselves) {
  Ask(PAYLOAD_RAW);
  const std::string file = MakeJpeg({.width = 37, .height = 21});
  const Image image = OneImage(file);
  EXPECT_EQ(image.bytes, PixelsOf(file));
  EXPECT_EQ(image.bytes.size(), 37u * 21 * 3);
}

TEST_F(Payloads, TextIsTheSamePixels) {
  Ask(PAYLOAD_RAW_BASE64);
  const std::string file = MakeJpeg({.width = 37, .height = 21});
  std::string pixels;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(OneImage(file).bytes, &pixels));
  EXPECT_EQ(pixels, PixelsOf(file));
}

TEST_F(Payloads, AnUntouchedJpegIsPassedThroughByteForByte) {
  Ask(PAYLOAD_JPEG);
  const std::string file = MakeJpeg({.width = 37, .height = 21, .progressive = true});
  const Image image = OneImage(file);
  EXPECT_EQ(image.bytes, file);
  EXPECT_EQ(image.width, 37);
  EXPECT_EQ(image.height, 21);
  EXPECT_EQ(image.channels, 3);
}

TEST_F(Payloads, FourComponentsAreNotPassedThroughBecauseReadersShowThemInWrongColours) {
  Ask(PAYLOAD_JPEG);
  const std::string file = MakeJpeg({.width = 37, .height = 21, .components = 4});
  const Image image = OneImage(file);
  EXPECT_NE(image.bytes, file);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(PixelsOf(image.bytes).size(), 37u * 21 * 3);
}

TEST_F(Payloads, GrayIsEncodedAnewOnlyIfThreeChannelsAreWanted) {
  Ask(PAYLOAD_JPEG);
  const std::string file = MakeJpeg({.width = 37, .height = 21, .components = 1});
  EXPECT_EQ(OneImage(file).bytes, file);
  world_.spec.set_color(COLOR_RGB);
  const std::vector<Image> images = Images();
  ASSERT_EQ(images.size(), 1u);
  EXPECT_NE(images[0].bytes, file);
  EXPECT_EQ(images[0].channels, 3);
  EXPECT_EQ(PixelsOf(images[0].bytes).size(), 37u * 21 * 3);
}

TEST_F(Payloads, ALowerQualityMakesSmallerFiles) {
  Ask(PAYLOAD_JPEG);
  const std::string file = MakeJpeg({.width = 160, .height = 120, .components = 4});
  const size_t usual = OneImage(file).bytes.size();
  world_.spec.set_jpeg_quality(30);
  EXPECT_LT(Images()[0].bytes.size(), usual);
}

TEST_F(Payloads, PngKeepsEveryPixel) {
  Ask(PAYLOAD_PNG);
  const std::string file = MakeJpeg({.width = 37, .height = 21});
  const Image image = OneImage(file);
  EXPECT_EQ(image.bytes.substr(1, 3), "PNG");
  EXPECT_EQ(PixelsOf(image.bytes), PixelsOf(file));
}

TEST_F(Payloads, AResizedPictureIsEncodedAnew) {
  Ask(PAYLOAD_JPEG);
  world_.spec.mutable_resize()->set_width(20);
  world_.spec.mutable_resize()->set_height(10);
  const Image image = OneImage(MakeJpeg({.width = 37, .height = 21}));
  EXPECT_EQ(image.width, 20);
  EXPECT_EQ(image.height, 10);
  EXPECT_EQ(PixelsOf(image.bytes).size(), 20u * 10 * 3);
}

TEST_F(Payloads, AJpegWithoutItsEndIsADeadLetter) {
  Ask(PAYLOAD_JPEG);
  const std::string file = MakeJpeg({});
  world_.AddFile("cut.jpg", file.substr(0, file.size() - 100));
  world_.AddRow("cut.jpg");
  EXPECT_TRUE(Images().empty());
  EXPECT_THAT(dead_letters_, HasSubstr("decode/truncated"));
}

TEST_F(Payloads, OnlyDecodingSeesDamageInsideTheCodedData) {
  Ask(PAYLOAD_JPEG);
  std::string file = MakeJpeg({.width = 200, .height = 200});
  file.replace(file.size() - 600, 500, std::string(500, '\x7f'));
  EXPECT_EQ(OneImage(file).bytes, file) << "its structure is whole";
  world_.spec.set_validation(VALIDATE_DECODE);
  EXPECT_TRUE(Images().empty());
  EXPECT_THAT(dead_letters_, HasSubstr("decode/corrupt"));
}

TEST_F(Payloads, TheBytesDoNotDependOnThreads) {
  for (int i = 0; i < 20; ++i) {
    const std::string name = std::to_string(i) + ".jpg";
    world_.AddImage(name, {.width = 30 + i, .height = 50 - i, .components = i % 4 == 3 ? 4 : 3, .seed = i});
    world_.AddRow(name);
  }
  for (const Payload payload : {PAYLOAD_RAW_BASE64, PAYLOAD_RAW, PAYLOAD_JPEG, PAYLOAD_PNG}) {
    Ask(payload);
    const std::string expected = world_.Run().bytes;
    EXPECT_FALSE(expected.empty());
    EXPECT_TRUE(world_.Run({.threads = 3}).bytes == expected) << payload;
  }
}

}  // namespace
}  // namespace millrace
