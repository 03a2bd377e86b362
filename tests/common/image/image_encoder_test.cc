// Pixels to files and back.
#include "common/image/image_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/image/image_decoder.h"
#include "tests/common/image/picture_fixture.h"

namespace millrace {
namespace {

std::vector<uint8_t> Decode(absl::string_view file) {
  ImageDecoder decoder;
  ImageOr<ImageHeader> header = decoder.Open(file, {}, {});
  EXPECT_TRUE(std::holds_alternative<ImageHeader>(header));
  std::vector<uint8_t> pixels(static_cast<size_t>(std::get<ImageHeader>(header).pixel_bytes()));
  EXPECT_FALSE(decoder.Decode(pixels.data()).has_value());
  return pixels;
}

TEST(ImageEncoder, PngKeepsEveryPixel) {
  for (int channels : {1, 3}) {
    const Pixels pixels(61, 47, channels);
    EXPECT_TRUE(Decode(MakePng(pixels)) == pixels.bytes) << channels;
  }
}

TEST(ImageEncoder, JpegKeepsWhatTheQualityAllows) {
  for (int channels : {1, 3}) {
    Pixels pixels(64, 48, channels);
    for (size_t i = 0; i < pixels.bytes.size(); ++i)
      pixels.bytes[i] = static_cast<uint8_t>(i * 250 / pixels.bytes.size());  // smooth
    std::string file;
    ASSERT_FALSE(ImageEncoder().AppendJpeg(pixels.view(), 95, file).has_value());
    const std::vector<uint8_t> decoded = Decode(file);
    ASSERT_EQ(decoded.size(), pixels.bytes.size());
    for (size_t i = 0; i < decoded.size(); ++i) ASSERT_NEAR(decoded[i], pixels.bytes[i], 16) << i;
  }
}

TEST(ImageEncoder, AppendsTheSameBytesWhateverCameBefore) {
  const Pixels color(61, 47, 3), gray(200, 3, 1);
  ImageEncoder encoder;
  std::string first, all = "before";
  encoder.AppendJpeg(color.view(), 80, first);
  encoder.AppendJpeg(gray.view(), 10, all);
  encoder.AppendPng(gray.view(), all);
  const size_t at = all.size();
  encoder.AppendJpeg(color.view(), 80, all);
  EXPECT_TRUE(all.substr(at) == first);
  EXPECT_EQ(all.substr(0, 6), "before");
}

TEST(ImageEncoder, LargeOutputComesWhole) {
  const Pixels pixels(900, 700, 3);
  std::string file;
  ASSERT_FALSE(ImageEncoder().AppendJpeg(pixels.view(), 100, file).has_value());
  EXPECT_GT(file.size(), 200'000u) << "several blocks of the encoder's output buffer";
  EXPECT_EQ(Decode(file).size(), pixels.bytes.size());
}

TEST(ImageEncoder, SidesBeyondJpegAreAnErrorAndLeaveNothing) {
  const Pixels wide(65'501, 1, 1);
  std::string out = "before";
  ImageEncoder encoder;
  std::optional<ImageError> error = encoder.AppendJpeg(wide.view(), 90, out);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->reason, "encode/too_large");
  EXPECT_THAT(error->detail, testing::HasSubstr("65501x1 as JPEG"));
  EXPECT_EQ(out, "before");
  EXPECT_FALSE(encoder.AppendPng(wide.view(), out).has_value());
  EXPECT_FALSE(encoder.AppendJpeg(Pixels(8, 8, 3).view(), 90, out).has_value()) << "and the encoder goes on";
}

}  // namespace
}  // namespace millrace
