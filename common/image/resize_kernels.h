// The two inner loops of a resize. Every kernel gives the same bytes: sums of integers, rounded once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/image/resize_weights.h"

namespace millrace {

struct ResizeKernels {
  // One row: in[0, columns · channels) to out[0, weights.outputs · channels).
  void (*row)(const ResizeWeights& weights, int channels, const uint8_t* in, size_t columns, uint8_t* out);
  // `at_once` rows of 3 channels.
  void (*rows)(const ResizeWeights& weights, const uint8_t* const* in, size_t columns, uint8_t* const* out);
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
