#include "common/deflate/pixel_statistics.h"

#include <algorithm>

#include "absl/numeric/bits.h"

namespace millrace {
namespace {

constexpr size_t kSampleBytes = 8192;

struct Counter {
  void Match(MatchKind kind, MatchLength length) {
    ++statistics.matches[length];
    ++statistics.distances[kind == kSame ? same : above];
  }
  void Group(const uint8_t* p) {
    for (size_t k = 0; k < group; ++k) ++statistics.literals[p[k]];
  }
  void Stretch(const struct Stretch& stretch) {
    if (stretch.row == 0) return;
    above = ForDistance(stretch.row).symbol;
    statistics.distances[above] = std::max(statistics.distances[above], 1U);
  }

  PixelStatistics& statistics;
  const size_t group;
  const size_t same = ForDistance(group).symbol;
  size_t above = same;
};

// From one sampled vector to the next. The steps change, because equal ones could meet the same columns of each row.
class SampleSteps {
 public:
  SampleSteps(size_t block, size_t vector) : vector_(vector), every_(std::max<size_t>(block / kSampleBytes, 1)) {}
  size_t Next() {
    if (every_ < 4) return every_ * vector_;
    turn_ = (turn_ + 3) % 7;
    return (every_ + turn_ - 3) * vector_;
  }

 private:
  const size_t vector_;
  const size_t every_;
  size_t turn_ = 0;
};

// Counts what lies between `at` and `end`, a vector at most.
void CountVector(absl::Span<const uint8_t> block, size_t at, size_t end, size_t row, Counter& counter) {
  const size_t groups = (end - at) / counter.group;
  counter.group == kTextGroup ? ParseVector<kTextGroup>(block.data(), at, groups, row, counter)
                              : ParseVector<kRawGroup>(block.data(), at, groups, row, counter);
  for (size_t rest = at + groups * counter.group; rest < end; ++rest) ++counter.statistics.literals[block[rest]];
  counter.statistics.bytes += static_cast<uint32_t>(end - at);
}

}  // namespace

DistanceSymbol ForDistance(size_t distance) {
  const uint32_t v = static_cast<uint32_t>(distance - 1);
  if (v < 4) return {v, 0, 0};
  const uint32_t extra_bits = static_cast<uint32_t>(absl::bit_width(v)) - 2;
  return {2 * extra_bits + (v >> extra_bits), extra_bits, v & ((1U << extra_bits) - 1)};
}

PixelStatistics PixelStatistics::Sample(absl::Span<const uint8_t> block, absl::Span<const Stretch> stretches,
                                        size_t group) {
  PixelStatistics statistics;
  Counter counter{statistics, group};
  const size_t vector = group * kVectorGroups;
  statistics.distances[counter.same] = 1;
  SampleSteps steps(block.size(), vector);
  size_t next = 0;
  for (const Stretch& stretch : stretches) {
    counter.Stretch(stretch);
    while (next < stretch.end) {
      const size_t from = std::max(next, stretch.begin);
      const size_t at = from - (from - stretch.begin) % vector;
      CountVector(block, at, std::min(at + vector, stretch.end), stretch.row, counter);
      next = from + steps.Next();
    }
  }
  return statistics;
}

}  // namespace millrace
