// The orientation is found where each format keeps it; damage is as good as absence.
#include "common/image/exif.h"

#include <gtest/gtest.h>

#include "tests/common/image/picture_fixture.h"

namespace millrace {
namespace {

constexpr ImageFormat kWithExif[] = {ImageFormat::kJpeg, ImageFormat::kPng, ImageFormat::kWebp};

TEST(Exif, OrientationInBothByteOrders) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(ExifOrientation(MakeExif(orientation, false)), orientation);
    EXPECT_EQ(ExifOrientation(MakeExif(orientation, true)), orientation);
  }
}

TEST(Exif, AnythingElseIsAsStored) {
  EXPECT_EQ(ExifOrientation(MakeExif(0)), 1);
  EXPECT_EQ(ExifOrientation(MakeExif(9)), 1);
  EXPECT_EQ(ExifOrientation(""), 1);
  EXPECT_EQ(ExifOrientation("Exif"), 1);
  std::string pointer_out_of_the_file = MakeExif(6);
  pointer_out_of_the_file[7] = '\x7f';
  EXPECT_EQ(ExifOrientation(pointer_out_of_the_file), 1);
}

TEST(Exif, EveryCutIsHarmless) {
  const std::string exif = MakeExif(6);
  for (size_t cut = 0; cut < exif.size(); ++cut) {
    const int orientation = ExifOrientation(absl::string_view(exif).substr(0, cut));
    EXPECT_EQ(orientation, cut < 34 ? 1 : 6) << cut << ": the entry ends at byte 34";
  }
}

TEST(Exif, IsFoundInEveryFormatThatHasIt) {
  for (ImageFormat format : kWithExif) {
    const std::string plain = MakeFile(format, Pixels(5, 4, 3));
    EXPECT_EQ(FindExif(format, plain), "") << NameOf(format);
    const std::string exif = MakeExif(8, true);
    EXPECT_EQ(FindExif(format, WithExif(format, plain, exif)), exif) << NameOf(format);
  }
  EXPECT_EQ(FindExif(ImageFormat::kBmp, MakeBmp(Pixels(5, 4, 3))), "");
}

TEST(Exif, TheSearchEndsInEveryCutFile) {
  for (ImageFormat format : kWithExif) {
    const std::string file = WithExif(format, MakeFile(format, Pixels(5, 4, 3)), MakeExif(8));
    for (size_t cut = 0; cut < file.size(); ++cut) {
      const int orientation = ExifOrientation(FindExif(format, absl::string_view(file).substr(0, cut)));
      EXPECT_TRUE(orientation == 1 || orientation == 8) << NameOf(format) << " " << cut;
    }
  }
}

}  // namespace
}  // namespace millrace
