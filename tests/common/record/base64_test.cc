#include "common/record/base64.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"

namespace millrace {
namespace {

std::string Encode(const std::vector<uint8_t>& bytes, Base64Kernel kernel) {
  EXPECT_TRUE(SetBase64Kernel(kernel));
  std::string text(Base64Size(bytes.size()) + 1, '#');
  Base64UrlEncode(bytes.data(), bytes.size(), text.data());
  EXPECT_EQ(text.back(), '#') << "wrote behind its end";
  text.pop_back();
  SetBase64Kernel(Base64Kernel::kBest);
  return text;
}

class Base64 : public testing::TestWithParam<Base64Kernel> {
 protected:
  void SetUp() override {
    if (!SetBase64Kernel(GetParam())) GTEST_SKIP() << "this processor lacks the instructions";
  }
  void TearDown() override { SetBase64Kernel(Base64Kernel::kBest); }
};
INSTANTIATE_TEST_SUITE_P(Kernels, Base64,
                         testing::Values(Base64Kernel::kBest, Base64Kernel::kScalar, Base64Kernel::kAvx2,
                                         Base64Kernel::kAvx512));

// RFC 4648 §10.
TEST_P(Base64, MatchesThePublishedVectors) {
  auto encode = [](absl::string_view text) {
    return Encode(std::vector<uint8_t>(text.begin(), text.end()), GetParam());
  };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encode("\xff\xef\xfe"), "_-_-") << "the URL-safe alphabet";
}

TEST_P(Base64, DecodesToTheSameBytesAtEveryLength) {
  std::mt19937 random(3);
  for (size_t n = 0; n < 400; ++n) {
    std::vector<uint8_t> bytes(n);  // exactly n bytes on the heap: reading behind them is an error under ASan
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    std::string decoded;
    ASSERT_TRUE(absl::WebSafeBase64Unescape(Encode(bytes, GetParam()), &decoded)) << n;
    EXPECT_EQ(decoded, std::string(bytes.begin(), bytes.end())) << n;
  }
}

// Nothing if it is refused. The text and the result have exactly their size on the heap, for ASan.
std::optional<std::string> Decode(absl::string_view text) {
  const std::vector<char> exact(text.begin(), text.end());
  std::vector<uint8_t> bytes(Base64DecodedSize(text));
  if (!Base64UrlDecode({exact.data(), exact.size()}, bytes.data())) return std::nullopt;
  return std::string(bytes.begin(), bytes.end());
}

TEST_P(Base64, DecodesWhatItEncodesWithPaddingOrWithout) {
  std::mt19937 random(5);
  for (size_t n = 0; n < 400; ++n) {
    std::vector<uint8_t> bytes(n);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    std::string text = Encode(bytes, Base64Kernel::kScalar);
    SetBase64Kernel(GetParam());
    EXPECT_EQ(Decode(text), std::string(bytes.begin(), bytes.end())) << n;
    while (!text.empty() && text.back() == '=') text.pop_back();
    EXPECT_EQ(Decode(text), std::string(bytes.begin(), bytes.end())) << n;
  }
}

TEST_P(Base64, DecodesExactlyTheCharactersOfTheAlphabetAtEveryPlace) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (size_t at = 0; at < 160; ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string text(160, 'R');  // "RRR=" has bits that no byte has
      text[at] = static_cast<char>(c);
      EXPECT_EQ(Decode(text).has_value(), alphabet.find(text[at]) != std::string::npos) << at << " " << c;
    }
  }
}

TEST_P(Base64, RefusesWhatNoEncoderWrites) {
  for (const char* text : {"A", "A===", "====", "=", "AA=", "AA=A", "A=AA", "AB==", "AB", "AAB=", "AAB",
                           "AAAA=", "AA==AAAA", "AAA\n", " AAA", "AA+/"}) {
    EXPECT_EQ(Decode(text), std::nullopt) << text;
  }
  EXPECT_EQ(Decode(""), "");
  EXPECT_EQ(Decode("_-_-"), "\xff\xef\xfe");
}

TEST_P(Base64, EncodesEveryGroupAsTheScalarKernel) {
  std::vector<uint8_t> bytes;  // all 2^16 pairs, in all alignments of a group
  for (int pair = 0; pair < 1 << 16; ++pair) {
    bytes.push_back(static_cast<uint8_t>(pair >> 8));
    bytes.push_back(static_cast<uint8_t>(pair));
  }
  EXPECT_TRUE(Encode(bytes, GetParam()) == Encode(bytes, Base64Kernel::kScalar));
}

}  // namespace
}  // namespace millrace
