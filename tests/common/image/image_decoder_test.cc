// Every format through one door: the same rules for damage, limits, rows and turns. That the pixels are right is in
// tests/interop/test_pictures.py.
#include "common/image/image_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/common/image/jpeg_fixture.h"
#include "tests/common/image/picture_fixture.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using Fit = PictureOptions::Fit;

constexpr ImageFormat kFormats[] = {ImageFormat::kJpeg, ImageFormat::kPng, ImageFormat::kWebp, ImageFormat::kBmp};
constexpr ImageFormat kLossless[] = {ImageFormat::kPng, ImageFormat::kWebp, ImageFormat::kBmp};

struct Decoded {
  ImageHeader header;
  std::vector<uint8_t> pixels;
  std::string reason;  // empty: good
  std::string detail;
};

Decoded Failed(const ImageError& error) { return {{}, {}, std::string(error.reason), error.detail}; }

Decoded Decode(ImageDecoder& decoder, absl::string_view file, const PictureOptions& options = {},
               const ImageLimits& limits = {}) {
  ImageOr<ImageHeader> header = decoder.Open(file, options, limits);
  if (auto* error = std::get_if<ImageError>(&header)) return Failed(*error);
  Decoded decoded{std::get<ImageHeader>(header), {}, "", ""};
  decoded.pixels.resize(static_cast<size_t>(decoded.header.pixel_bytes()));
  if (auto error = decoder.Decode(decoded.pixels.data())) return Failed(*error);
  return decoded;
}

Decoded Decode(absl::string_view file, const PictureOptions& options = {}, const ImageLimits& limits = {}) {
  ImageDecoder decoder;
  return Decode(decoder, file, options, limits);
}

TEST(ImageDecoder, LosslessFormatsKeepEveryPixel) {
  const Pixels pixels(41, 33, 3);
  for (ImageFormat format : kLossless) {
    Decoded decoded = Decode(MakeFile(format, pixels));
    EXPECT_EQ(decoded.reason, "") << NameOf(format) << decoded.detail;
    EXPECT_EQ(decoded.header.format, format);
    EXPECT_EQ(decoded.header.width, 41);
    EXPECT_EQ(decoded.header.height, 33);
    EXPECT_TRUE(decoded.header.as_stored);
    EXPECT_TRUE(decoded.pixels == pixels.bytes) << NameOf(format);
  }
}

TEST(ImageDecoder, ColorRgbTriplesGray) {
  const Pixels gray(9, 5, 1);
  Decoded decoded = Decode(MakePng(gray), {.color = PictureOptions::Color::kRgb});
  EXPECT_EQ(decoded.header.channels, 3);
  EXPECT_FALSE(decoded.header.as_stored);
  ASSERT_EQ(decoded.pixels.size(), gray.bytes.size() * 3);
  for (size_t i = 0; i < decoded.pixels.size(); ++i) EXPECT_EQ(decoded.pixels[i], gray.bytes[i / 3]);
}

// Where the pixel that is stored at the top left is seen, and its right neighbour.
TEST(ImageDecoder, OrientationsTurnAsExifSays) {
  struct Turn {
    int orientation, x, y, right_x, right_y;
  };
  constexpr int kWidth = 6, kHeight = 4;
  const Turn turns[] = {{1, 0, 0, 1, 0}, {2, 5, 0, 4, 0}, {3, 5, 3, 4, 3}, {4, 0, 3, 1, 3},
                        {5, 0, 0, 0, 1}, {6, 3, 0, 3, 1}, {7, 3, 5, 3, 4}, {8, 0, 5, 0, 4}};
  const Pixels stored(kWidth, kHeight, 3);
  for (ImageFormat format : {ImageFormat::kPng, ImageFormat::kWebp}) {
    for (const Turn& turn : turns) {
      const std::string file = WithExif(format, MakeFile(format, stored), MakeExif(turn.orientation));
      Decoded seen = Decode(file, {.exif = PictureOptions::Exif::kApply});
      ASSERT_EQ(seen.reason, "") << seen.detail;
      EXPECT_EQ(seen.header.orientation, turn.orientation);
      EXPECT_EQ(seen.header.width, turn.orientation < 5 ? kWidth : kHeight);
      auto at = [&](int x, int y) { return seen.pixels[static_cast<size_t>((y * seen.header.width + x) * 3)]; };
      EXPECT_EQ(at(turn.x, turn.y), stored.bytes[0]) << turn.orientation;
      EXPECT_EQ(at(turn.right_x, turn.right_y), stored.bytes[3]) << turn.orientation;
      EXPECT_TRUE(Decode(file).pixels == stored.bytes) << "ignored by default";
    }
  }
}

TEST(ImageDecoder, SizesAreOfThePictureAsSeen) {
  const std::string file = WithExif(ImageFormat::kPng, MakePng(Pixels(60, 40, 3)), MakeExif(6));
  PictureOptions options{.exif = PictureOptions::Exif::kApply, .resize = PictureOptions::Resize{20, 30, Fit::kInside}};
  Decoded seen = Decode(file, options);
  EXPECT_EQ(absl::StrCat(seen.header.width, "x", seen.header.height), "20x30");
  EXPECT_FALSE(seen.header.by_rows) << "a turned picture needs all its rows";
}

TEST(ImageDecoder, RowsAreThePixels) {
  const PictureOptions all[] = {{},
                                {.color = PictureOptions::Color::kRgb},
                                {.resize = PictureOptions::Resize{50, 20, Fit::kStretch}},
                                {.resize = PictureOptions::Resize{9, 90, Fit::kCenterCrop}}};
  for (ImageFormat format : kFormats) {
    for (const PictureOptions& options : all) {
      const std::string file = MakeFile(format, Pixels(67, 53, 3));
      ImageDecoder decoder;
      ImageOr<ImageHeader> header = decoder.Open(file, options, {});
      ASSERT_TRUE(std::holds_alternative<ImageHeader>(header));
      const ImageHeader& opened = std::get<ImageHeader>(header);
      EXPECT_EQ(opened.by_rows, format != ImageFormat::kWebp || options.resize.has_value()) << NameOf(format);
      if (!opened.by_rows) continue;
      std::vector<uint8_t> pixels;
      auto error = decoder.DecodeRows([&](absl::Span<const uint8_t> rows) {
        EXPECT_LE(static_cast<int64_t>(rows.size()), opened.row_bytes() * ImageDecoder::kStripRows);
        pixels.insert(pixels.end(), rows.begin(), rows.end());
      });
      EXPECT_FALSE(error.has_value());
      EXPECT_TRUE(pixels == Decode(file, options).pixels) << NameOf(format);
    }
  }
}

TEST(ImageDecoder, EveryCutIsTruncated) {
  for (ImageFormat format : kFormats) {
    const std::string file = MakeFile(format, Pixels(24, 20, 3));
    for (size_t cut = 0; cut < file.size(); ++cut) {
      Decoded decoded = Decode(absl::string_view(file).substr(0, cut));
      // The last row of a BMP is padded: without the padding no pixel is missing.
      EXPECT_EQ(decoded.reason, "decode/truncated") << NameOf(format) << " " << cut << " " << decoded.detail;
      EXPECT_THAT(decoded.detail, HasSubstr(absl::StrCat("ends after ", cut < 1000 ? absl::StrCat(cut) : "")));
    }
  }
}

TEST(ImageDecoder, BytesBehindTheImageAreIgnored) {
  for (ImageFormat format : kFormats) {
    const std::string file = MakeFile(format, Pixels(24, 20, 3));
    EXPECT_TRUE(Decode(file + "trailing garbage").pixels == Decode(file).pixels) << NameOf(format);
  }
}

TEST(ImageDecoder, NoFlippedBitCrashesOrLastsIntoTheNextImage) {
  for (ImageFormat format : kFormats) {
    const std::string good = MakeFile(format, Pixels(11, 9, 3));
    const std::vector<uint8_t> expected = Decode(good).pixels;
    const ImageLimits small{.max_pixels = 1'000'000, .max_memory_bytes = 32 << 20};
    const PictureOptions options{.resize = PictureOptions::Resize{7, 12, Fit::kCenterCrop}};
    ImageDecoder reused;
    for (size_t bit = 0; bit < good.size() * 8; ++bit) {
      std::string file = good;
      file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
      Decoded fresh = Decode(file, {}, small);
      Decoded again = Decode(reused, file, {}, small);
      ASSERT_EQ(again.reason, fresh.reason) << NameOf(format) << bit;
      ASSERT_TRUE(again.pixels == fresh.pixels) << NameOf(format) << bit;
      Decode(reused, file, options, small);
      ASSERT_TRUE(bit % 64 != 0 || Decode(reused, good).pixels == expected) << NameOf(format) << bit;
    }
  }
}

TEST(ImageDecoder, APngWithAFlippedBitIsNeverAnotherPicture) {
  const std::string good = MakePng(Pixels(11, 9, 3));
  const std::vector<uint8_t> expected = Decode(good).pixels;
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string file = good;
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
    Decoded decoded = Decode(file);
    EXPECT_TRUE(!decoded.reason.empty() || decoded.pixels == expected) << bit << ": every chunk has a CRC";
  }
}

TEST(ImageDecoder, AnimationsAreRefused) {
  // A VP8X chunk with the animation flag, 16x16.
  const std::string flags = absl::StrCat(LittleEndian(2, 4), LittleEndian(15, 3), LittleEndian(15, 3));
  const std::string body = absl::StrCat("WEBP", RiffChunk("VP8X", flags), RiffChunk("ANIM", std::string(6, '\0')));
  Decoded decoded = Decode(absl::StrCat("RIFF", LittleEndian(body.size(), 4), body));
  EXPECT_EQ(decoded.reason, "decode/unsupported");
  EXPECT_THAT(decoded.detail, HasSubstr("animated WebP"));
}

TEST(ImageDecoder, ABmpIndexWithoutAColourIsCorrupt) {
  std::string file = absl::StrCat("BM", std::string(8, '\0'), LittleEndian(62, 4), LittleEndian(40, 4),
                                  LittleEndian(4, 4), LittleEndian(1, 4), LittleEndian(1, 2), LittleEndian(8, 2));
  file += std::string(16, '\0') + LittleEndian(2, 4) + LittleEndian(0, 4) + "abc" + std::string(1, '\0') + "def" +
          std::string(1, '\0');
  EXPECT_EQ(Decode(file + absl::StrCat("\1", LittleEndian(0, 3))).reason, "");
  Decoded decoded = Decode(file + absl::StrCat("\2", LittleEndian(0, 3)));
  EXPECT_EQ(decoded.reason, "decode/corrupt");
  EXPECT_EQ(decoded.detail, "row 1 has a colour that is not in the palette");
}

TEST(ImageLimits, BombsAreRefusedFromTheirHeader) {
  std::string png = MakePng(Pixels(8, 8, 3));
  png.replace(8, 25, PngChunk("IHDR", absl::StrCat(BigEndian(60'000, 4), BigEndian(60'000, 4), png.substr(24, 5))));
  std::string bmp = MakeBmp(Pixels(8, 8, 3));
  bmp.replace(18, 8, LittleEndian(60'000, 4) + LittleEndian(60'000, 4));
  for (const std::string& file : {png, bmp, WithSize(MakeJpeg({}), 60'000, 60'000)}) {
    Decoded decoded = Decode(file);
    EXPECT_EQ(decoded.reason, "image/too_many_pixels") << decoded.detail;
    EXPECT_THAT(decoded.detail, HasSubstr("60000x60000 is 3,600,000,000 pixels, --max-pixels is 178,956,970"));
  }
}

TEST(ImageLimits, MemoryIsForWhatTheOptionsNeed) {
  // 6,000 x 4,000 pixels are 72 MB: too much as a whole, little in strips.
  const std::string file = WithExif(ImageFormat::kJpeg, WithSize(MakeJpeg({}), 6'000, 4'000), MakeExif(6));
  const ImageLimits limits{.max_memory_bytes = 48 << 20};
  auto open = [&](const PictureOptions& options) -> std::string {
    ImageDecoder decoder;
    ImageOr<ImageHeader> header = decoder.Open(file, options, limits);
    auto* error = std::get_if<ImageError>(&header);
    return error == nullptr ? "" : std::string(error->reason);
  };
  PictureOptions turned{.exif = PictureOptions::Exif::kApply};
  EXPECT_EQ(open({}), "");
  EXPECT_EQ(open(turned), "image/too_large_for_memory") << "turning needs all pixels";
  turned.resize = PictureOptions::Resize{256, 256, Fit::kInside};
  EXPECT_EQ(open(turned), "") << "it is resized on the way";
  EXPECT_EQ(open({.resize = PictureOptions::Resize{20'000, 20'000, Fit::kStretch}}), "image/too_many_pixels");
}

}  // namespace
}  // namespace millrace
