// What a file is, whatever it is called.
#include "common/image/sniff.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/common/image/picture_fixture.h"

namespace millrace {
namespace {

// "PNG", or "reason: detail".
std::string Sniff(absl::string_view file) {
  ImageOr<ImageFormat> format = SniffFormat(file);
  if (auto* error = std::get_if<ImageError>(&format)) return absl::StrCat(error->reason, ": ", error->detail);
  return std::string(NameOf(std::get<ImageFormat>(format)));
}

TEST(Sniff, KnowsItsFormats) {
  for (ImageFormat format : {ImageFormat::kJpeg, ImageFormat::kPng, ImageFormat::kWebp, ImageFormat::kBmp}) {
    EXPECT_EQ(Sniff(MakeFile(format, Pixels(5, 4, 3))), NameOf(format));
  }
}

TEST(Sniff, SaysWhatAnotherFileIs) {
  struct Case {
    absl::string_view start;
    absl::string_view found;
  };
  const Case cases[] = {
      {"<!DOCTYPE html><html><body>404</body>", "decode/not_an_image: it is an HTML page"},
      {"\n  <HTML>", "decode/not_an_image: it is an HTML page"},
      {"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "decode/not_an_image: it is an XML document"},
      {"<?xml version='1.0'?><svg width='1'>", "decode/format: it is an SVG drawing"},
      {"{\"error\": 403}", "decode/not_an_image: it is JSON text"},
      {"Forbidden\n", "decode/not_an_image: it is text"},
      {"version https://git-lfs.github.com/spec/v1",
       "decode/not_an_image: it is a Git LFS pointer: the file itself was not fetched"},
      {"GIF89a\1\0\1\0", "decode/format: it is a GIF image; JPEG, PNG, WebP and BMP are read"},
      {{"II*\0\10\0\0\0", 8}, "decode/format: it is a TIFF image; JPEG, PNG, WebP and BMP are read"},
      {{"\0\0\0\40ftypavif\0\0\0\0", 16}, "decode/format: it is an AVIF image; JPEG, PNG, WebP and BMP are read"},
      {{"\0\0\0\40ftypheic\0\0\0\0", 16}, "decode/format: it is a HEIC image; JPEG, PNG, WebP and BMP are read"},
      {{"\0\0\0\14JXL \r\n\x87\n", 12}, "decode/format: it is a JPEG XL image; JPEG, PNG, WebP and BMP are read"},
      {"RIFF\1\1\1\1AVI LIST", "decode/not_an_image: it is a RIFF file (sound or video)"},
      {{"\0\0\0\30ftypmp42\0\0\0\0", 16}, "decode/not_an_image: it is a video"},
      {{"\0\0\0\0\0\0\0\0\0\0", 10}, "decode/not_an_image: all its bytes are zero"},
      {"\1\2\3\4\5\6\7\x80\x90", "decode/not_an_image: it starts with the bytes 01 02 03 04 05 06 07 80"},
      {"", "decode/truncated: the file ends after 0 bytes, before the first row"},
      {"\x89PN", "decode/truncated: the file ends after 3 bytes, before the first row"},
      {"RIFF\1\1", "decode/truncated: the file ends after 6 bytes, before the first row"},
  };
  for (const Case& c : cases) EXPECT_EQ(Sniff(c.start), c.found);
}

}  // namespace
}  // namespace millrace
