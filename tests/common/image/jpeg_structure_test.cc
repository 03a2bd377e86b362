// What passes the marker walk is what decodes, as far as markers can tell.
#include "common/image/jpeg_structure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/image/image_decoder.h"
#include "tests/common/image/jpeg_fixture.h"

namespace millrace {
namespace {

using testing::HasSubstr;

struct Checked {
  JpegStructure structure;
  std::string reason;  // empty: good
  std::string detail;
};

Checked Check(absl::string_view file, const ImageLimits& limits = {}) {
  ImageOr<JpegStructure> checked = CheckJpegStructure(file, limits);
  if (auto* error = std::get_if<ImageError>(&checked)) return {{}, std::string(error->reason), error->detail};
  return {std::get<JpegStructure>(checked), "", ""};
}

TEST(JpegStructure, ReadsSizeAndChannels) {
  for (int components : {1, 3, 4}) {
    for (bool progressive : {false, true}) {
      const std::string file =
          MakeJpeg({.width = 67, .height = 53, .components = components, .progressive = progressive});
      Checked checked = Check(file);
      EXPECT_EQ(checked.reason, "") << checked.detail;
      EXPECT_EQ(checked.structure.width, 67);
      EXPECT_EQ(checked.structure.height, 53);
      EXPECT_EQ(checked.structure.channels, components == 1 ? 1 : 3);
      EXPECT_EQ(checked.structure.image_bytes, static_cast<int64_t>(file.size()));
    }
  }
}

TEST(JpegStructure, EveryCutIsTruncated) {
  for (bool progressive : {false, true}) {
    const std::string file = MakeJpeg({.width = 24, .height = 20, .progressive = progressive});
    for (size_t cut = 0; cut < file.size(); ++cut) {
      EXPECT_EQ(Check(absl::string_view(file).substr(0, cut)).reason, "decode/truncated") << cut;
    }
  }
}

TEST(JpegStructure, BytesAfterTheEndAreNotOfTheImage) {
  const std::string file = MakeJpeg({});
  Checked checked = Check(file + "trailing \xff\xd8 garbage");
  EXPECT_EQ(checked.reason, "");
  EXPECT_EQ(checked.structure.image_bytes, static_cast<int64_t>(file.size()));
}

// Nothing that decodes is refused: a passed-through file is never a dead letter that decoding would not make.
TEST(JpegStructure, RefusesNoFlippedBitThatDecodingAccepts) {
  const std::string good = MakeJpeg({.width = 24, .height = 20});
  const ImageLimits limits{.max_pixels = 1'000'000};
  ImageDecoder decoder;
  int refused = 0;
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string file = good;
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
    Checked checked = Check(file, limits);
    refused += checked.reason.empty() ? 0 : 1;
    ImageOr<ImageHeader> header = decoder.Open(file, {}, limits);
    if (!std::holds_alternative<ImageHeader>(header)) continue;
    std::string pixels(static_cast<size_t>(std::get<ImageHeader>(header).pixel_bytes()), '\0');
    if (decoder.Decode(reinterpret_cast<uint8_t*>(pixels.data())).has_value()) continue;
    EXPECT_EQ(checked.reason, "") << "bit " << bit << ": " << checked.detail;
    EXPECT_EQ(checked.structure.width, std::get<ImageHeader>(header).width) << bit;
  }
  EXPECT_GT(refused, 100);
}

TEST(JpegStructure, OtherFilesAndLimits) {
  EXPECT_EQ(Check("<!DOCTYPE html><html>").reason, "decode/not_an_image");
  Checked bomb = Check(WithSize(MakeJpeg({}), 65'500, 65'500));
  EXPECT_EQ(bomb.reason, "image/too_many_pixels");
  EXPECT_THAT(bomb.detail, HasSubstr("4,290,250,000 pixels"));
  const std::string scans = MakeJpeg({.one_scan_a_coefficient = true});
  EXPECT_EQ(Check(scans).reason, "decode/unsupported");
  EXPECT_EQ(Check(scans, {.max_scans = 200}).reason, "");
}

}  // namespace
}  // namespace millrace
