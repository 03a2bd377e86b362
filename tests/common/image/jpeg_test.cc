// Good images come out as their pixels; everything else with a reason.
#include "common/image/jpeg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/image/cmyk.h"
#include "tests/common/image/jpeg_fixture.h"

namespace millrace {
namespace {

using testing::HasSubstr;

struct Decoded {
  StoredHeader header;
  std::string pixels;
  std::string reason;  // empty: good
  std::string detail;
};

Decoded Failed(const ImageError& error) { return {{}, "", std::string(error.reason), error.detail}; }

Decoded Decode(JpegDecoder& decoder, absl::string_view file, const ImageLimits& limits = {}) {
  ImageOr<StoredHeader> header = decoder.Open(file, limits);
  if (auto* error = std::get_if<ImageError>(&header)) return Failed(*error);
  Decoded decoded{std::get<StoredHeader>(header), "", "", ""};
  std::vector<uint8_t> pixels(static_cast<size_t>(decoded.header.pixel_bytes()));  // exact: ASan sees a byte too many
  if (auto error = decoder.Decode(pixels.data())) return Failed(*error);
  decoded.pixels.assign(pixels.begin(), pixels.end());
  return decoded;
}

Decoded Decode(absl::string_view file, const ImageLimits& limits = {}) {
  JpegDecoder decoder;
  return Decode(decoder, file, limits);
}

std::string DecodeByRows(absl::string_view file) {
  JpegDecoder decoder;
  ImageOr<StoredHeader> header = decoder.Open(file, {});
  EXPECT_TRUE(std::holds_alternative<StoredHeader>(header));
  std::string pixels;
  auto error = decoder.DecodeRows([&](absl::Span<const uint8_t> rows) { pixels.append(rows.begin(), rows.end()); });
  EXPECT_FALSE(error.has_value());
  return pixels;
}

TEST(Jpeg, ColourHasThreeChannels) {
  Decoded decoded = Decode(MakeJpeg({.width = 41, .height = 33}));
  EXPECT_EQ(decoded.reason, "") << decoded.detail;
  EXPECT_EQ(decoded.header.width, 41);
  EXPECT_EQ(decoded.header.height, 33);
  EXPECT_EQ(decoded.header.channels, 3);
  EXPECT_FALSE(decoded.header.multiple_scans);
}

TEST(Jpeg, GrayStaysOneChannel) {
  Decoded decoded = Decode(MakeJpeg({.components = 1, .quality = 100}));
  EXPECT_EQ(decoded.header.channels, 1);
  // Row 0 of the fixture begins with these values; quality 100 keeps them to within rounding.
  for (int x = 0; x < 5; ++x) EXPECT_NEAR(static_cast<uint8_t>(decoded.pixels[x]), x * 2 + x * 31 % 13, 2) << x;
}

TEST(Jpeg, ProgressiveHasThePixelsOfBaseline) {
  Decoded baseline = Decode(MakeJpeg({.width = 100, .height = 75}));
  Decoded progressive = Decode(MakeJpeg({.width = 100, .height = 75, .progressive = true}));
  EXPECT_TRUE(progressive.header.multiple_scans);
  EXPECT_TRUE(progressive.pixels == baseline.pixels) << "the coefficients are the same";
}

TEST(Jpeg, RowsAreThePixels) {
  for (int components : {1, 3, 4}) {
    for (bool progressive : {false, true}) {
      std::string file = MakeJpeg({.width = 67, .height = 53, .components = components, .progressive = progressive});
      EXPECT_TRUE(DecodeByRows(file) == Decode(file).pixels) << components << progressive;
    }
  }
}

TEST(Jpeg, CmykAndYcckBecomeRgb) {
  for (bool ycck : {false, true}) {
    Decoded decoded = Decode(MakeJpeg({.components = 4, .ycck = ycck, .quality = 100}));
    EXPECT_EQ(decoded.reason, "");
    EXPECT_EQ(decoded.header.channels, 3);
    EXPECT_EQ(decoded.pixels.size(), 40u * 30 * 3);
  }
}

// Pillow stores the inverse of each byte and then computes clip(nk - c * nk / 255) with nk = 255 - k.
TEST(Cmyk, IsPillowsArithmeticForAllValues) {
  for (int cyan = 0; cyan < 256; ++cyan) {
    for (int black = 0; black < 256; ++black) {
      const uint8_t stored[4] = {static_cast<uint8_t>(255 - cyan), 255, 0, static_cast<uint8_t>(255 - black)};
      uint8_t rgb[3];
      CmykToRgb(stored, 1, rgb);
      const int light = 255 - black;
      const int expected = light - static_cast<int>(cyan * light / 255.0 + 0.5);
      ASSERT_EQ(rgb[0], expected) << cyan << " " << black;
      ASSERT_EQ(rgb[1], light) << "no ink";
      ASSERT_EQ(rgb[2], 0) << "full ink";
    }
  }
}

TEST(Jpeg, EveryCutIsTruncated) {
  for (bool progressive : {false, true}) {
    const std::string file = MakeJpeg({.width = 24, .height = 20, .progressive = progressive});
    for (size_t cut = 0; cut < file.size(); ++cut) {
      EXPECT_EQ(Decode(absl::string_view(file).substr(0, cut)).reason, "decode/truncated") << cut;
    }
  }
}

TEST(Jpeg, TruncatedSaysHowFarItCame) {
  const std::string file = MakeJpeg({.width = 200, .height = 160});
  Decoded decoded = Decode(absl::string_view(file).substr(0, file.size() / 2));
  EXPECT_THAT(decoded.detail, HasSubstr(" bytes, "));
  EXPECT_THAT(decoded.detail, HasSubstr("of 160 rows decoded"));
  EXPECT_EQ(Decode(file.substr(0, 10)).detail, "the file ends after 10 bytes, before the first row");
}

TEST(Jpeg, BytesAfterTheEndAreAllowed) {
  const std::string file = MakeJpeg({});
  EXPECT_TRUE(Decode(file + "trailing \xff\xd8 garbage").pixels == Decode(file).pixels);
}

TEST(Jpeg, WhatLibjpegOnlyWarnsOfIsCorrupt) {
  std::string file = MakeJpeg({.width = 200, .height = 160});
  file.replace(file.size() * 2 / 3, 2, "\xff\xd9");  // an early end inside the scan: libjpeg would paint the rest gray
  Decoded decoded = Decode(file);
  EXPECT_EQ(decoded.reason, "decode/corrupt");
  EXPECT_THAT(decoded.detail, HasSubstr("Corrupt JPEG data"));
}

TEST(Jpeg, NoFlippedBitCrashesOrLastsIntoTheNextImage) {
  const std::string good = MakeJpeg({.width = 24, .height = 20});
  const std::string expected = Decode(good).pixels;
  ImageLimits small{.max_pixels = 1'000'000};
  JpegDecoder reused;
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string file = good;
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
    Decoded fresh = Decode(file, small);
    Decoded again = Decode(reused, file, small);
    ASSERT_EQ(again.reason, fresh.reason) << bit;
    ASSERT_TRUE(again.pixels == fresh.pixels) << bit;
    ASSERT_TRUE(bit % 64 != 0 || Decode(reused, good).pixels == expected) << bit;
  }
}

TEST(Jpeg, TablesOfAnotherImageAreNotUsed) {
  // Without its quantisation tables a file cannot be decoded, also after one that had some.
  std::string file = MakeJpeg({});
  for (size_t at; (at = file.find("\xff\xdb")) != std::string::npos;) {
    size_t length = static_cast<size_t>(static_cast<unsigned char>(file[at + 3])) + 2;
    file.erase(at, length);
  }
  JpegDecoder decoder;
  EXPECT_EQ(Decode(decoder, MakeJpeg({})).reason, "");
  EXPECT_EQ(Decode(decoder, file).reason, "decode/corrupt");
}

TEST(Jpeg, OtherFilesAreNotJpeg) {
  EXPECT_EQ(Decode("<!DOCTYPE html><html>").reason, "decode/not_an_image");
  EXPECT_EQ(Decode("\x89PNG\r\n\x1a\n........").reason, "decode/not_an_image");
  EXPECT_EQ(Decode(std::string(100, '\0')).reason, "decode/not_an_image");
}

TEST(JpegLimits, ABombIsRefusedFromItsHeader) {
  Decoded decoded = Decode(WithSize(MakeJpeg({}), 65'500, 65'500));
  EXPECT_EQ(decoded.reason, "image/too_many_pixels");
  EXPECT_THAT(decoded.detail, HasSubstr("65500x65500 is 4,290,250,000 pixels, --max-pixels is 178,956,970"));
  EXPECT_EQ(Decode(WithSize(MakeJpeg({}), 65'535, 65'535)).reason, "image/too_many_pixels")
      << "beyond libjpeg's own limit";
}

TEST(JpegLimits, MaxPixelsIsInclusive) {
  const std::string file = MakeJpeg({.width = 40, .height = 30});
  EXPECT_EQ(Decode(file, {.max_pixels = 1'200}).reason, "");
  EXPECT_EQ(Decode(file, {.max_pixels = 1'199}).reason, "image/too_many_pixels");
}

TEST(JpegLimits, ALargeBaselineFitsWhereProgressiveDoesNot) {
  auto open = [](bool progressive) {
    JpegDecoder decoder;
    std::string file = WithSize(MakeJpeg({.progressive = progressive}), 13'377, 13'377);
    return decoder.Open(file, {});
  };
  EXPECT_TRUE(std::holds_alternative<StoredHeader>(open(false))) << "178,944,129 pixels";
  ImageOr<StoredHeader> progressive = open(true);
  ASSERT_TRUE(std::holds_alternative<ImageError>(progressive));
  EXPECT_EQ(std::get<ImageError>(progressive).reason, "image/too_large_for_memory");
  EXPECT_THAT(std::get<ImageError>(progressive).detail, HasSubstr("13377x13377 in several scans needs"));
}

TEST(JpegLimits, ScansAreCounted) {
  const std::string file = MakeJpeg({.one_scan_a_coefficient = true});
  EXPECT_EQ(Decode(file).reason, "decode/unsupported");
  EXPECT_EQ(Decode(file, {.max_scans = 200}).reason, "");
}

}  // namespace
}  // namespace millrace
