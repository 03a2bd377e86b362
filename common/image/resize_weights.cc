#include "common/image/resize_weights.h"

#include <algorithm>
#include <cmath>

namespace millrace {
namespace {

struct Scale {
  double step;     // input samples an output sample
  double support;  // of the filter to each side, in input samples

  Scale(float box_start, float box_end, int outputs)
      : step(static_cast<double>(box_end - box_start) / outputs), support(std::max(1.0, step)) {}
  int max_count() const { return static_cast<int>(std::ceil(support)) * 2 + 1; }
  int pairs() const { return (max_count() + 7) / 8 * 4; }
};

}  // namespace

int64_t ResizeWeights::Bytes(double box, int outputs) {
  const Scale scale(0, static_cast<float>(box), outputs);
  return int64_t{outputs} * (scale.pairs() + 1) * 8 + scale.max_count() * 8;
}

void ResizeWeights::Compute(int inputs, float box_start, float box_end, int out) {
  const Scale scale(box_start, box_end, out);
  outputs = out;
  max_count = scale.max_count();
  pairs = scale.pairs();
  identity = out == inputs && box_start == 0 && box_end == static_cast<float>(inputs);
  first.resize(static_cast<size_t>(out));
  count.resize(static_cast<size_t>(out));
  high.assign(static_cast<size_t>(out) * static_cast<size_t>(pairs), 0);
  low.assign(high.size(), 0);
  std::vector<double> share(static_cast<size_t>(scale.max_count()));
  for (int i = 0; i < out; ++i) {
    const double centre = box_start + (i + 0.5) * scale.step;
    const int begin = std::max(0, static_cast<int>(centre - scale.support + 0.5));
    const int n = std::min(inputs, static_cast<int>(centre + scale.support + 0.5)) - begin;
    first[static_cast<size_t>(i)] = begin;
    count[static_cast<size_t>(i)] = n;
    double sum = 0;
    for (int k = 0; k < n; ++k) {
      const double distance = std::abs((k + begin - centre + 0.5) * (1.0 / scale.support));
      share[static_cast<size_t>(k)] = std::max(0.0, 1.0 - distance);
      sum += share[static_cast<size_t>(k)];
    }
    for (int k = 0; k < n; ++k) {
      const double part = sum != 0 ? share[static_cast<size_t>(k)] / sum : 0;
      const uint32_t weight = static_cast<uint32_t>(0.5 + part * (1 << kWeightBits));
      const size_t pair = static_cast<size_t>(i) * static_cast<size_t>(pairs) + static_cast<size_t>(k / 2);
      high[pair] |= (weight >> kLowBits) << (k % 2 * 16);
      low[pair] |= (weight & ((1u << kLowBits) - 1)) << (k % 2 * 16);
    }
  }
}

}  // namespace millrace
