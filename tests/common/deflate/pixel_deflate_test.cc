// The pixel deflate: every reader gets back what went in, and the bytes depend on the stream and the hints alone.
#include "common/deflate/pixel_deflate_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <random>
#include <string>

#include "common/io/byte_stream.h"
#include "tests/common/deflate/pixel_stream.h"

namespace millrace {
namespace {

// One member with nothing behind it, or what is wrong.
std::string InflateZlib(absl::string_view member, size_t size) {
  std::string text(size + 1, '\0');
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(member.data()));
  stream.avail_in = static_cast<uInt>(member.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int result = inflate(&stream, Z_FINISH);
  const std::string message = stream.msg == nullptr ? "" : stream.msg;
  text.resize(stream.total_out);
  const uInt behind = stream.avail_in;
  inflateEnd(&stream);
  if (result != Z_STREAM_END) return "zlib: " + message;
  return behind == 0 ? text : "zlib: bytes behind the member";
}

std::string InflateIsal(absl::string_view member, size_t size) {
  std::string text(size + 1, '\0');
  inflate_state state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_GZIP;
  state.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(member.data()));
  state.avail_in = static_cast<uint32_t>(member.size());
  state.next_out = reinterpret_cast<uint8_t*>(text.data());
  state.avail_out = static_cast<uint32_t>(text.size());
  if (isal_inflate(&state) != ISAL_DECOMP_OK || state.block_state != ISAL_BLOCK_FINISH) return "ISA-L refused it";
  text.resize(state.total_out);
  return text;
}

std::string Noise(size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(n, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

PixelStream Plain(std::string bytes) { return {std::move(bytes), {}}; }

PixelStream Photographs(unsigned seed, size_t images) {
  std::mt19937 random(seed);
  PixelStream stream;
  for (size_t i = 0; i < images; ++i) stream.AddImage(1 + random() % 400, 1 + random() % 400, random);
  return stream;
}

class PixelDeflate : public testing::TestWithParam<PixelKernel> {
 protected:
  void SetUp() override {
    if (!Supported(GetParam())) GTEST_SKIP() << "this processor lacks the kernel";
  }
  // The size of the member.
  size_t RoundTrip(const PixelStream& stream, PixelForm form = PixelForm::kText) {
    const std::string member = DeflatePixels(stream, GetParam(), nullptr, form);
    EXPECT_TRUE(InflateZlib(member, stream.bytes.size()) == stream.bytes);
    EXPECT_TRUE(InflateIsal(member, stream.bytes.size()) == stream.bytes);
    EXPECT_TRUE(member == DeflatePixels(stream, PixelKernel::kScalar, nullptr, form)) << "kernels differ";
    return member.size();
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, PixelDeflate,
                         testing::Values(PixelKernel::kBest, PixelKernel::kScalar, PixelKernel::kAvx2,
                                         PixelKernel::kAvx512));

TEST_P(PixelDeflate, BringsBackRecordsOfImages) {
  for (unsigned seed = 0; seed < 8; ++seed) {
    const PixelStream stream = Photographs(seed, 12);
    EXPECT_LT(RoundTrip(stream), stream.bytes.size() * 7 / 10) << seed;
  }
}

TEST_P(PixelDeflate, BringsBackStreamsOfEverySizeAroundAVectorAndABlock) {
  std::mt19937 random(3);
  const std::string text = ImageText(300, 450, random);
  for (size_t n = 0; n < 300; ++n) RoundTrip({text.substr(0, n), {{0, 40, static_cast<int64_t>(n)}}});
  for (size_t n = BlockWriter::kBlockSize - 70; n < BlockWriter::kBlockSize + 70; n += 5)
    RoundTrip({text.substr(0, n), {{0, 1200, static_cast<int64_t>(n)}}});
}

TEST_P(PixelDeflate, BringsBackTinyImages) {
  std::mt19937 random(4);
  PixelStream stream;
  for (int i = 0; i < 4000; ++i) stream.AddImage(1 + random() % 3, 1 + random() % 3, random);
  EXPECT_LT(RoundTrip(stream), stream.bytes.size());
}

TEST_P(PixelDeflate, BringsBackImagesTooWideForTheRowAbove) {
  std::mt19937 random(5);
  for (size_t width : {size_t{8191}, size_t{8192}, size_t{8193}, size_t{65500}}) {
    PixelStream stream;
    stream.AddImage(width, 9, random);
    RoundTrip(stream);
  }
}

TEST_P(PixelDeflate, MakesConstantImagesFortyTimesSmaller) {
  std::string text;
  for (int i = 0; i < 250'000; ++i) text += "_wAA";
  EXPECT_LT(RoundTrip({text, {{0, 2000, 1'000'000}}}), text.size() / 40);
  EXPECT_LT(RoundTrip(Plain(text)), text.size() / 40) << "also without a hint";
}

TEST_P(PixelDeflate, FindsRowsThatRepeatOnlyWithAHint) {
  std::mt19937 random(6);
  const std::string row = ImageText(500, 1, random);
  std::string text;
  for (int i = 0; i < 500; ++i) text += row;
  EXPECT_LT(RoundTrip({text, {{0, 2000, 1'000'000}}}), text.size() / 20);
  EXPECT_GT(RoundTrip(Plain(text)), text.size() / 4);
}

TEST_P(PixelDeflate, StoresNoiseAtFiveBytesForEach64KiB) {
  for (size_t n : {size_t{1}, size_t{65535}, size_t{65536}, size_t{1'000'000}}) {
    EXPECT_LE(RoundTrip(Plain(Noise(n, 1))), n + 10 + 8 + 5 * (n / 52'000 + 1) + 5) << n;
  }
}

TEST_P(PixelDeflate, StoresWhatTheSampleDidNotShow) {
  std::string bytes = Noise(1 << 20, 2);
  for (size_t at = 0; at < bytes.size(); at += 64 * 20)  // text where most samples fall would still not help the rest
    bytes.replace(at, 64, std::string(64, 'A'));
  EXPECT_LE(RoundTrip(Plain(bytes)), bytes.size() + 200);
}

TEST_P(PixelDeflate, BringsBackRawPixels) {
  std::mt19937 random(7);
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) {
    const uint32_t kind = random() % 4;
    const size_t back = kind == 0 ? 3 : 900;
    for (int k = 0; k < 3; ++k)
      bytes += kind > 1 || bytes.size() < 900 ? static_cast<char>(random() % 200) : bytes[bytes.size() - back];
  }
  const size_t hinted = RoundTrip({bytes, {{0, 900, 900'000}}}, PixelForm::kRaw);
  EXPECT_LT(hinted, bytes.size() * 7 / 10);
  EXPECT_LT(hinted, RoundTrip(Plain(bytes), PixelForm::kRaw) * 9 / 10) << "the hint shows the row above";
  EXPECT_LE(RoundTrip(Plain(bytes)), bytes.size()) << "as text: literals only, but right";
  RoundTrip({std::string(900'000, 'x'), {{5, 900, 900'000}}}, PixelForm::kRaw);
  RoundTrip({std::string(900'000, '\xee'), {{5, 0, 900'000}}}, PixelForm::kRaw);
}

TEST_P(PixelDeflate, SurvivesHintsThatAreWrong) {
  std::mt19937 random(8);
  for (int round = 0; round < 50; ++round) {
    PixelStream stream = Photographs(static_cast<unsigned>(round), 2);
    for (HintedImage& image : stream.images) {
      image.row = static_cast<int64_t>(random() % 70'000) - 1000;
      image.total = static_cast<int64_t>(random() % 1'000'000) - 1000;
    }
    RoundTrip(stream);
  }
}

TEST_P(PixelDeflate, WritesTheSameBytesHoweverTheStreamIsCut) {
  const PixelStream stream = Photographs(9, 12);
  const std::string expected = DeflatePixels(stream, GetParam());
  std::mt19937 cuts(10);
  for (int round = 0; round < 10; ++round) EXPECT_TRUE(DeflatePixels(stream, GetParam(), &cuts) == expected) << round;
}

TEST(PixelDeflateWriter, PassesTheSinksErrorOn) {
  struct FullDisk : ByteSink {
    absl::Status Append(absl::string_view) override { return absl::ResourceExhaustedError("disk full"); }
  } sink;
  auto writer = NewPixelDeflateWriter(sink);
  EXPECT_EQ(writer->Append(std::string(1'000'000, 'A')).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(writer->Finish().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace millrace
