#include "tests/common/deflate/pixel_stream.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/io/byte_stream.h"

namespace millrace {
namespace {

constexpr absl::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string Group(std::mt19937& random) {
  std::string group;
  for (int k = 0; k < 4; ++k) group += kAlphabet[random() % 8 * (random() % 8)];
  return group;
}

void AppendWhole(BlockWriter& writer, absl::string_view bytes) { EXPECT_TRUE(writer.Append(bytes).ok()); }

void AppendCut(BlockWriter& writer, absl::string_view bytes, std::mt19937& cuts) {
  while (!bytes.empty()) {
    size_t n = std::min<size_t>(1 + cuts() % (cuts() % 2 == 0 ? 50 : 100'000), bytes.size());
    if (cuts() % 2 == 0) {
      absl::Span<char> room = writer.Room();
      n = std::min(n, room.size());
      std::copy_n(bytes.begin(), n, room.begin());
      ASSERT_TRUE(writer.Advance(n).ok());
    } else {
      ASSERT_TRUE(writer.Append(bytes.substr(0, n)).ok());
    }
    bytes.remove_prefix(n);
  }
}

}  // namespace

std::string ImageText(size_t width, size_t height, std::mt19937& random) {
  std::string text;
  size_t run = 0;
  uint32_t kind = 0;
  for (size_t i = 0; i < width * height; ++i, --run) {
    if (run == 0) {
      run = 1 + random() % (random() % 4 == 0 ? 90 : 5);
      kind = random() % 3;
    }
    const size_t back = 4 * (kind == 1 ? 1 : width);
    text += kind == 0 || text.size() < back ? Group(random) : text.substr(text.size() - back, 4);
  }
  return text;
}

void PixelStream::AddImage(size_t width, size_t height, std::mt19937& random) {
  for (uint32_t k = random() % 90; k > 0; --k) bytes += static_cast<char>(random());
  const std::string text = ImageText(width, height, random) + (random() % 2 == 0 ? "QQ==" : "");
  images.push_back(
      {static_cast<int64_t>(bytes.size()), static_cast<int64_t>(4 * width), static_cast<int64_t>(text.size())});
  bytes += text + "image_name\x12\x0a cat.7.jpg";
}

std::string DeflatePixels(const PixelStream& stream, PixelKernel kernel, std::mt19937* cuts, PixelForm form) {
  StringSink sink;
  auto writer = NewPixelDeflateWriter(sink, form, kernel);
  absl::string_view rest = stream.bytes;
  auto append = [&](size_t n) {
    cuts != nullptr ? AppendCut(*writer, rest.substr(0, n), *cuts) : AppendWhole(*writer, rest.substr(0, n));
    rest.remove_prefix(n);
  };
  for (const HintedImage& image : stream.images) {
    append(static_cast<size_t>(image.offset - writer->bytes_in()));
    writer->BeginImage(image.row, image.total);
  }
  append(rest.size());
  EXPECT_TRUE(writer->Finish().ok());
  return sink.bytes();
}

}  // namespace millrace
