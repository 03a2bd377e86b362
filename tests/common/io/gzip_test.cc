// gzip both ways: the bytes do not depend on how they arrive, and a damaged file is never half believed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/io/byte_stream.h"
#include "common/io/gzip_reader.h"
#include "common/io/gzip_writer.h"

namespace millrace {
namespace {

using testing::HasSubstr;

// Text like base64 of photographs: skewed, with short repeats.
std::string Text(size_t n, unsigned seed = 7) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < n) {
    size_t repeat = random() % 16 == 0 ? 12 : 1;
    char c = static_cast<char>('A' + random() % 8 * (random() % 8));
    text.append(repeat, c);
  }
  text.resize(n);
  return text;
}

std::string Compress(absl::string_view text, GzipEffort effort, const std::vector<size_t>& calls = {}) {
  StringSink sink;
  auto writer = NewGzipWriter(effort, sink);
  for (size_t call : calls) {
    EXPECT_TRUE(writer->Append(text.substr(0, call)).ok());
    text.remove_prefix(std::min(call, text.size()));
  }
  EXPECT_TRUE(writer->Append(text).ok());
  EXPECT_TRUE(writer->Finish().ok());
  return sink.bytes();
}

absl::StatusOr<std::string> Inflate(absl::string_view bytes, GzipMembers members = GzipMembers::kOne) {
  MemorySource source(bytes);
  GzipReader reader(source, members);
  std::string text;
  char buffer[1000];
  for (;;) {
    absl::StatusOr<size_t> n = reader.Read(buffer, sizeof buffer);
    if (!n.ok()) return n.status();
    if (*n == 0) return text;
    text.append(buffer, *n);
  }
}

class Gzip : public testing::TestWithParam<GzipEffort> {};
INSTANTIATE_TEST_SUITE_P(Efforts, Gzip, testing::Values(GzipEffort::kBalanced, GzipEffort::kSmall));

TEST_P(Gzip, BringsBackWhatWentIn) {
  for (size_t n : {size_t{0}, size_t{1}, BlockWriter::kBlockSize - 1, BlockWriter::kBlockSize, size_t{3} << 20}) {
    std::string text = Text(n);
    absl::StatusOr<std::string> back = Inflate(Compress(text, GetParam()));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_TRUE(*back == text) << n;
  }
}

TEST_P(Gzip, WritesTheSameBytesWhateverTheSizesOfTheCalls) {
  std::string text = Text(1'000'000);
  std::string expected = Compress(text, GetParam());
  std::mt19937 random(1);
  for (int round = 0; round < 8; ++round) {
    std::vector<size_t> calls;
    for (int i = 0; i < 40; ++i) calls.push_back(random() % (round % 2 == 0 ? 100 : 60'000));
    EXPECT_TRUE(Compress(text, GetParam(), calls) == expected) << round;
  }
}

TEST_P(Gzip, WritesTheSameBytesStraightIntoTheBlock) {
  std::string text = Text(700'000);
  StringSink sink;
  auto writer = NewGzipWriter(GetParam(), sink);
  for (size_t at = 0; at < text.size();) {
    absl::Span<char> room = writer->Room();
    size_t n = std::min({room.size(), text.size() - at, size_t{12'345}});
    std::copy_n(text.data() + at, n, room.data());
    ASSERT_TRUE(writer->Advance(n).ok());
    at += n;
  }
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_TRUE(sink.bytes() == Compress(text, GetParam()));
  EXPECT_EQ(writer->bytes_in(), 700'000);
}

TEST_P(Gzip, HasAHeaderWithoutTimeAndName) {
  std::string bytes = Compress("text", GetParam());
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10));
}

TEST_P(Gzip, EveryCutIsDataLoss) {
  std::string bytes = Compress(Text(5'000), GetParam());
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_EQ(Inflate(absl::string_view(bytes).substr(0, cut)).status().code(), absl::StatusCode::kDataLoss) << cut;
  }
}

TEST_P(Gzip, EveryChangedByteOfTheTrailerIsDataLoss) {
  std::string bytes = Compress(Text(5'000), GetParam());
  for (size_t at = bytes.size() - 8; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] ^= 1;
    EXPECT_EQ(Inflate(changed).status().code(), absl::StatusCode::kDataLoss) << at;
  }
}

TEST(GzipReader, AllowsOneMemberOnlyUnlessToldOtherwise) {
  std::string two = Compress("one ", GzipEffort::kSmall) + Compress("two", GzipEffort::kBalanced);
  absl::StatusOr<std::string> strict = Inflate(two);
  ASSERT_FALSE(strict.ok());
  EXPECT_THAT(std::string(strict.status().message()), HasSubstr("bytes behind the one gzip member"));
  absl::StatusOr<std::string> tolerant = Inflate(two, GzipMembers::kMany);
  ASSERT_TRUE(tolerant.ok()) << tolerant.status();
  EXPECT_EQ(*tolerant, "one two");
}

// As a network may deliver it.
class OneByteSource : public ByteSource {
 public:
  explicit OneByteSource(absl::string_view bytes) : bytes_(bytes) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t n) override { return bytes_.Read(buffer, std::min<size_t>(n, 1)); }

 private:
  MemorySource bytes_;
};

// A member with everything that a header can have, as other programs write it.
std::string CompressWithFullHeader(std::string text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  gz_header header = {};
  std::string extra = "xx", name = "images.csv", comment = "a comment";
  header.extra = reinterpret_cast<Bytef*>(extra.data());
  header.extra_len = 2;
  header.name = reinterpret_cast<Bytef*>(name.data());
  header.comment = reinterpret_cast<Bytef*>(comment.data());
  header.hcrc = 1;
  EXPECT_EQ(deflateSetHeader(&stream, &header), Z_OK);
  std::string bytes(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

TEST(GzipReader, TakesEveryHeaderAndAnyPieces) {
  const std::string text = Text(100'000);
  const std::string two = CompressWithFullHeader(text) + Compress("", GzipEffort::kSmall) + CompressWithFullHeader("z");
  for (bool pieces : {false, true}) {
    MemorySource whole(two);
    OneByteSource bytes(two);
    GzipReader reader(pieces ? static_cast<ByteSource&>(bytes) : whole, GzipMembers::kMany);
    std::string back(text.size() + 100, '\0');
    size_t filled = 0;
    for (size_t got = 1; got > 0; filled += got) {
      absl::StatusOr<size_t> n = reader.Read(&back[filled], back.size() - filled);
      ASSERT_TRUE(n.ok()) << n.status();
      got = *n;
    }
    EXPECT_TRUE(back.substr(0, filled) == text + "z");
    EXPECT_EQ(reader.compressed_bytes(), static_cast<int64_t>(two.size()));
  }
}

TEST(GzipReader, EveryChangedBitOfAHeaderWithAChecksumIsNoticed) {
  const std::string good = CompressWithFullHeader("text");
  const size_t header = good.find("a comment") + 10 + 2;
  for (size_t bit = 0; bit < 8 * header; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(Inflate(bad).status().code(), absl::StatusCode::kDataLoss) << bit;
  }
}

TEST(GzipReader, SaysWhatIsWrong) {
  EXPECT_THAT(std::string(Inflate("").status().message()), HasSubstr("the file is empty"));
  EXPECT_THAT(std::string(Inflate("<html>").status().message()), HasSubstr("not a gzip file"));
  std::string bytes = Compress(Text(5'000), GzipEffort::kSmall);
  EXPECT_THAT(std::string(Inflate(bytes.substr(0, 100)).status().message()), HasSubstr("cut off"));
}

TEST(GzipReader, KeepsItsError) {
  MemorySource source("not gzip");
  GzipReader reader(source);
  char buffer[8];
  EXPECT_FALSE(reader.Read(buffer, sizeof buffer).ok());
  EXPECT_FALSE(reader.Read(buffer, sizeof buffer).ok());
}

class FailingSink : public ByteSink {
 public:
  absl::Status Append(absl::string_view) override { return absl::ResourceExhaustedError("disk full"); }
};

TEST(BlockWriter, KeepsTheErrorOfItsSink) {
  FailingSink sink;
  auto writer = NewPlainWriter(sink);
  EXPECT_EQ(writer->Append(std::string(BlockWriter::kBlockSize, 'x')).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(writer->Append("more").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(writer->Finish().code(), absl::StatusCode::kResourceExhausted);
}

TEST(BlockWriter, PlainPassesTheBytesThrough) {
  StringSink sink;
  auto writer = NewPlainWriter(sink);
  std::string text = Text(600'000);
  ASSERT_TRUE(writer->Append(text).ok());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_TRUE(sink.bytes() == text);
}

}  // namespace
}  // namespace millrace
