#include "worker/pipeline/image_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/io/crc32c.h"

namespace millrace {
namespace {

std::vector<uint8_t> Pixels(size_t n) {
  std::mt19937 random(5);
  std::vector<uint8_t> pixels(n);
  for (uint8_t& byte : pixels) byte = static_cast<uint8_t>(random());
  return pixels;
}

std::string Expected(const std::vector<uint8_t>& pixels) {
  std::string text =
      absl::WebSafeBase64Escape(absl::string_view(reinterpret_cast<const char*>(pixels.data()), pixels.size()));
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

// Pixels in pieces of the given sizes (repeated), behind `before` bytes in the stream.
std::string Text(const std::vector<uint8_t>& pixels, const std::vector<size_t>& pieces, size_t before) {
  StringSink sink;
  auto stream = NewPlainWriter(sink);
  EXPECT_TRUE(stream->Append(std::string(before, '#')).ok());
  ImageText text(*stream, 7);
  for (size_t at = 0, k = 0; at < pixels.size(); ++k) {
    const size_t n = std::min(pieces[k % pieces.size()], pixels.size() - at);
    EXPECT_TRUE(text.Append({pixels.data() + at, n}).ok());
    at += n;
  }
  EXPECT_TRUE(text.Finish().ok());
  EXPECT_TRUE(stream->Finish().ok());
  const std::string made = sink.bytes().substr(before);
  EXPECT_EQ(text.crc(), Crc32c(made, 7)) << "the CRC goes on from what came before";
  return made;
}

TEST(ImageText, IsBase64WhateverTheSizes) {
  for (size_t n : {0, 1, 2, 3, 4, 5, 600'000, 600'001, 600'002}) {
    const std::vector<uint8_t> pixels = Pixels(n);
    const std::string expected = Expected(pixels);
    for (const std::vector<size_t>& pieces :
         {std::vector<size_t>{1'000'000}, {1}, {2}, {4}, {5, 1, 1, 700}, {1'000}, {196'608}}) {
      if (n > 1'000 && pieces[0] < 5) continue;  // byte by byte is tried on the small ones
      EXPECT_TRUE(Text(pixels, pieces, 0) == expected) << n << " in pieces of " << pieces[0];
    }
  }
}

TEST(ImageText, ABlockMayEndInsideAGroup) {
  const std::vector<uint8_t> pixels = Pixels(300'000);
  const std::string expected = Expected(pixels);
  for (size_t before = BlockWriter::kBlockSize - 5; before <= BlockWriter::kBlockSize + 1; ++before) {
    EXPECT_TRUE(Text(pixels, {777}, before) == expected) << before;
  }
}

}  // namespace
}  // namespace millrace
