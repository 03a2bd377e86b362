// Which input samples make one output sample, and how much of each: one axis of a resize.
//
// The filter is a triangle as wide as the reduction (antialiased bilinear); enlarging, plain linear interpolation. In
// 22-bit fixed point with the roundings of Pillow's resize(…, BILINEAR), so that its pixels are met bit for bit:
// output i lies at centre = box_start + (i + 1/2)·scale in the input; input j weighs max(0, 1 - |j + 1/2 - centre| /
// s), s = max(1, scale), and all weights of an output are divided by their sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

constexpr int kWeightBits = 22;
constexpr int kLowBits = 11;  // the kernels multiply 16-bit halves: weight = high << 11 | low

struct ResizeWeights {
  int outputs = 0;
  int max_count = 0;           // weights of an output, at most
  int pairs = 0;               // of weights that an output has room for, a multiple of 4; unused ones are 0
  std::vector<int32_t> first;  // of each output: its first input sample
  std::vector<int32_t> count;  // and how many
  std::vector<uint32_t> high;  // [output][pair]: the high halves of two weights, the first in the low 16 bits
  std::vector<uint32_t> low;   // the same of the low halves
  bool identity = false;       // outputs are the inputs

  // `inputs` samples, of which the interval [box_start, box_end) becomes `outputs` samples. Reuses the memory.
  void Compute(int inputs, float box_start, float box_end, int outputs);

  int32_t Weight(int output, int k) const {
    const size_t pair = static_cast<size_t>(output) * static_cast<size_t>(pairs) + static_cast<size_t>(k / 2);
    const int shift = k % 2 * 16;
    return static_cast<int32_t>((high[pair] >> shift & 0xffff) << kLowBits | (low[pair] >> shift & 0xffff));
  }
  int end_of(int output) const { return first[static_cast<size_t>(output)] + count[static_cast<size_t>(output)]; }

  // What Compute allocates at most.
  static int64_t Bytes(double box, int outputs);
};

}  // namespace millrace
