// The two inner loops of a resize. Every kernel gives the same bytes: sums of integers, rounded once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/image/resize_weights.h"

namespace millrace {

struct ResizeKernels {
  // `at_once` rows of 1 and of 3 channels: in[k][0, columns · channels) to out[k][0, weights.outputs · channels).
  void (*gray_rows)(const ResizeWeights& weights, const uint8_t* const* in, size_t columns, uint8_t* const* out);
  void (*color_rows)(const ResizeWeights& weights, const uint8_t* const* in, size_t columns, uint8_t* const* out);
  int at_once;
  // Output row `output` of `bytes` samples from the rows in[0, weights.count[output]). All rows have room for a
  // multiple of kRowPadding samples, and what lies there is read and written.
  void (*column)(const ResizeWeights& weights, int output, const uint8_t* const* in, size_t bytes, uint8_t* out);
};

constexpr int kMostRowsAtOnce = 4;
constexpr size_t kRowPadding = 32;

enum class ResizeKernel { kBest, kScalar, kAvx2, kAvx512 };

// Those chosen at run time.
const ResizeKernels& ChosenResizeKernels();

// For tests: uses this kernel from now on, in all threads. False, and no change, if this processor lacks it.
bool SetResizeKernel(ResizeKernel kernel);

}  // namespace millrace
