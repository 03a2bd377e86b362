// A JPEG to a JPEG of another size, without RGB between them: the same picture, the same errors.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/image/image_decoder.h"
#include "common/image/image_encoder.h"
#include "common/image/resize_kernels.h"
#include "tests/common/image/jpeg_fixture.h"
#include "tests/common/image/picture_fixture.h"

namespace millrace {
namespace {

using Fit = PictureOptions::Fit;

// A file whose colours change slowly, so that only mistakes, and no rounding, make a difference.
std::string SmoothJpeg(int width, int height, int channels) {
  Pixels pixels(width, height, channels);
  size_t i = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int across = x * 200 / width, down = y * 200 / height;
      for (int c = 0; c < channels; ++c, ++i)
        pixels.bytes[i] = static_cast<uint8_t>(c == 0 ? across : c == 1 ? down : 230 - across);
    }
  }
  std::string file;
  ImageEncoder().AppendJpeg(pixels.view(), 95, file);
  return file;
}

PictureOptions Sized(int width, int height, Fit fit) { return {.resize = PictureOptions::Resize{width, height, fit}}; }

// The file, or the reason of the error.
std::string Recode(absl::string_view file, const PictureOptions& options) {
  ImageDecoder decoder;
  ImageOr<ImageHeader> header = decoder.Open(file, options, {});
  if (auto* error = std::get_if<ImageError>(&header)) return std::string(error->reason);
  if (!std::get<ImageHeader>(header).recodes) return "does not recode";
  std::string out = "before";
  if (auto error = decoder.RecodeJpeg(95, out)) return out == "before" ? std::string(error->reason) : "left something";
  return out.substr(6);
}

Pixels Decode(absl::string_view file, const PictureOptions& options) {
  ImageDecoder decoder;
  ImageOr<ImageHeader> header = decoder.Open(file, options, {});
  EXPECT_TRUE(std::holds_alternative<ImageHeader>(header)) << std::get<ImageError>(header).detail;
  const ImageHeader& opened = std::get<ImageHeader>(header);
  Pixels pixels(opened.width, opened.height, opened.channels);
  EXPECT_FALSE(decoder.Decode(pixels.bytes.data()).has_value());
  return pixels;
}

TEST(JpegRecoder, GivesThePictureThatDecodingAndResizingGive) {
  const int sizes[][4] = {{64, 48, 32, 24}, {65, 47, 31, 23}, {200, 150, 33, 77}, {33, 21, 70, 90}, {170, 1, 50, 1}};
  for (const auto& [width, height, to_width, to_height] : sizes) {
    for (int channels : {1, 3}) {
      for (Fit fit : {Fit::kStretch, Fit::kInside, Fit::kCenterCrop}) {
        const std::string file = SmoothJpeg(width, height, channels);
        const PictureOptions options = Sized(to_width, to_height, fit);
        const Pixels expected = Decode(file, options);
        const Pixels recoded = Decode(Recode(file, options), {});
        ASSERT_EQ(recoded.bytes.size(), expected.bytes.size());
        EXPECT_EQ(recoded.width, expected.width);
        double difference = 0;
        for (size_t i = 0; i < expected.bytes.size(); ++i) difference += std::abs(recoded.bytes[i] - expected.bytes[i]);
        EXPECT_LT(difference / static_cast<double>(expected.bytes.size()), 2.5)
            << width << "x" << height << " to " << to_width << "x" << to_height << ", " << channels << " channels";
      }
    }
  }
}

TEST(JpegRecoder, SameBytesForEveryKernel) {
  const std::string file = MakeJpeg({.width = 131, .height = 77});
  const PictureOptions options = Sized(50, 60, Fit::kStretch);
  ASSERT_TRUE(SetResizeKernel(ResizeKernel::kScalar));
  const std::string expected = Recode(file, options);
  for (ResizeKernel kernel : {ResizeKernel::kAvx2, ResizeKernel::kAvx512, ResizeKernel::kBest}) {
    if (!SetResizeKernel(kernel)) continue;  // this processor lacks it
    EXPECT_TRUE(Recode(file, options) == expected);
  }
}

TEST(JpegRecoder, ProgressiveGivesTheBytesOfBaseline) {
  const PictureOptions options = Sized(50, 60, Fit::kCenterCrop);
  EXPECT_TRUE(Recode(MakeJpeg({.width = 100, .height = 75}), options) ==
              Recode(MakeJpeg({.width = 100, .height = 75, .progressive = true}), options));
}

TEST(JpegRecoder, EveryCutIsTruncated) {
  const std::string file = MakeJpeg({.width = 24, .height = 20});
  for (size_t cut = 0; cut < file.size(); ++cut) {
    EXPECT_EQ(Recode(absl::string_view(file).substr(0, cut), Sized(9, 9, Fit::kStretch)), "decode/truncated") << cut;
  }
}

TEST(JpegRecoder, IsOnlyForWhatItCanDo) {
  const PictureOptions smaller = Sized(9, 9, Fit::kStretch);
  PictureOptions turned = smaller, colored = smaller;
  turned.exif = PictureOptions::Exif::kApply;
  colored.color = PictureOptions::Color::kRgb;
  EXPECT_EQ(Recode(MakeJpeg({.components = 4}), smaller), "does not recode") << "inks";
  EXPECT_EQ(Recode(MakeJpeg({}), {}), "does not recode") << "nothing to resize";
  EXPECT_EQ(Recode(MakePng(Pixels(20, 20, 3)), smaller), "does not recode");
  EXPECT_EQ(Recode(MakeJpeg({.components = 1}), colored), "does not recode");
  EXPECT_EQ(Recode(WithExif(ImageFormat::kJpeg, MakeJpeg({}), MakeExif(6)), turned), "does not recode");
}

}  // namespace
}  // namespace millrace
