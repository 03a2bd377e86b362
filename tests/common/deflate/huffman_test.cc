// Codes with limited lengths: complete, within their limits, and no longer than they must be.
#include "common/deflate/huffman.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <random>
#include <vector>

namespace millrace {
namespace {

std::vector<uint8_t> Lengths(const std::vector<uint32_t>& weights, const std::vector<uint8_t>& limits) {
  std::vector<uint8_t> lengths(weights.size());
  LimitedCodeLengths(weights, limits, absl::MakeSpan(lengths));
  return lengths;
}

uint64_t Cost(const std::vector<uint32_t>& weights, const std::vector<uint8_t>& lengths) {
  uint64_t bits = 0;
  for (size_t s = 0; s < weights.size(); ++s) bits += uint64_t{weights[s]} * lengths[s];
  return bits;
}

bool Complete(const std::vector<uint8_t>& lengths) {
  uint32_t room = 1 << kMaxHuffmanBits;
  for (uint8_t length : lengths) room -= 1 << (kMaxHuffmanBits - length);
  return room == 0;
}

// The bits that Huffman's own algorithm needs, without limits.
uint64_t HuffmanCost(const std::vector<uint32_t>& weights) {
  std::priority_queue<uint64_t, std::vector<uint64_t>, std::greater<>> heap(weights.begin(), weights.end());
  uint64_t bits = 0;
  while (heap.size() > 1) {
    uint64_t sum = heap.top();
    heap.pop();
    sum += heap.top();
    heap.pop();
    bits += sum;
    heap.push(sum);
  }
  return bits;
}

// The cheapest complete code of `weights` under `limits`, by trying all.
uint64_t CheapestCost(const std::vector<uint32_t>& weights, const std::vector<uint8_t>& limits, size_t s = 0,
                      int room = 1 << 6) {
  if (s == weights.size()) return room == 0 ? 0 : UINT32_MAX;
  uint64_t best = UINT32_MAX;
  for (int length = 1; length <= limits[s]; ++length) {
    if (room < 1 << (6 - length)) continue;
    best = std::min(best, uint64_t{weights[s]} * static_cast<uint64_t>(length) +
                              CheapestCost(weights, limits, s + 1, room - (1 << (6 - length))));
  }
  return best;
}

TEST(LimitedCodeLengths, AreHuffmansWhereNoLimitBinds) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<uint32_t> weights(2 + random() % 200);
    for (uint32_t& weight : weights) weight = 100 + random() % 100;
    const std::vector<uint8_t> lengths = Lengths(weights, std::vector<uint8_t>(weights.size(), 15));
    ASSERT_TRUE(Complete(lengths));
    EXPECT_EQ(Cost(weights, lengths), HuffmanCost(weights));
  }
}

TEST(LimitedCodeLengths, AreTheCheapestUnderALimitForEachSymbol) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    std::vector<uint32_t> weights(2 + random() % 5);
    std::vector<uint8_t> limits(weights.size());
    for (uint32_t& weight : weights) weight = random() % 1000 * (random() % 1000);
    for (uint8_t& limit : limits) limit = static_cast<uint8_t>(3 + random() % 4);
    const std::vector<uint8_t> lengths = Lengths(weights, limits);
    for (size_t s = 0; s < limits.size(); ++s) EXPECT_LE(lengths[s], limits[s]);
    ASSERT_TRUE(Complete(lengths));
    EXPECT_EQ(Cost(weights, lengths), CheapestCost(weights, limits));
  }
}

TEST(LimitedCodeLengths, StayCompleteWhenOneWeightIsEverythingAndWhenAllAreZero) {
  for (uint32_t heavy : {0U, UINT32_MAX}) {
    std::vector<uint32_t> weights(68, 0);
    weights[3] = heavy;
    std::vector<uint8_t> limits(68, 7);
    const std::vector<uint8_t> lengths = Lengths(weights, limits);
    EXPECT_TRUE(Complete(lengths));
    EXPECT_LE(*std::max_element(lengths.begin(), lengths.end()), 7);
  }
}

TEST(CanonicalCodes, AreThoseOfTheExampleInRfc1951) {
  const std::vector<uint8_t> lengths = {3, 3, 3, 3, 3, 2, 4, 4};  // A to H, §3.2.2
  const std::vector<const char*> expected = {"010", "011", "100", "101", "110", "00", "1110", "1111"};
  std::vector<BitString> codes(lengths.size());
  CanonicalCodes(lengths, absl::MakeSpan(codes));
  for (size_t s = 0; s < codes.size(); ++s) {
    std::string text;
    for (uint32_t k = 0; k < codes[s].count; ++k) text += static_cast<char>('0' + (codes[s].bits >> k & 1));
    EXPECT_EQ(text, expected[s]);
  }
}

}  // namespace
}  // namespace millrace
