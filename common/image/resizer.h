// Resizer: rows of a picture in, rows of another size out, with memory for a few rows.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/types/span.h"
#include "common/image/picture_options.h"
#include "common/image/resize_kernels.h"
#include "common/image/resize_weights.h"

namespace millrace {

// What part of the input becomes a picture of which size.
struct ResizePlan {
  float left = 0, top = 0, right = 0, bottom = 0;  // in input pixels, not always whole ones
  int32_t width = 0;
  int32_t height = 0;

  bool IsIdentity(int32_t from_width, int32_t from_height) const {
    return width == from_width && height == from_height && left == 0 && top == 0 &&
           right == static_cast<float>(from_width) && bottom == static_cast<float>(from_height);
  }
};

// kInside and kCenterCrop compute as Pillow's ImageOps.contain and ImageOps.fit do; sides are never 0.
ResizePlan PlanResize(int32_t width, int32_t height, const PictureOptions::Resize& resize);

// Antialiased bilinear, pixels equal to Pillow's resize((w, h), BILINEAR, box): each row first, then across rows. The
// same bytes whatever the CPU. One owner, one thread at a time; reuse it, it keeps its memory.
class Resizer {
 public:
  using RowSink = std::function<void(const uint8_t* row)>;

  // Memory that Start and Push take, known before anything is allocated.
  static int64_t Bytes(int channels, const ResizePlan& plan);

  // Begins a picture of 1 or 3 channels.
  void Start(int32_t width, int32_t height, int channels, const ResizePlan& plan);

  // The next input rows. Output rows come as soon as they can be made; all have come when all input has.
  void Push(absl::Span<const uint8_t> rows, const RowSink& out);
  // The same for rows that are `stride` bytes apart.
  void Push(const uint8_t* in, size_t stride, int rows, const RowSink& out);

  // Gives large memory back.
  void Shrink(size_t kept_bytes);

 private:
  uint8_t* RingRow(int y) { return ring_.data() + static_cast<size_t>(y % ring_rows_) * ring_stride_; }
  void MakeRows(const uint8_t* in, size_t stride, int y, int rows);
  void EmitRows(const RowSink& out);

  ResizeWeights across_;
  ResizeWeights down_;
  size_t columns_ = 0;
  int channels_ = 0;
  int next_in_ = 0;
  int next_out_ = 0;
  int ring_rows_ = 0;
  size_t ring_stride_ = 0;
  std::vector<uint8_t> ring_;  // rows of the output's width, the last that are needed
  std::vector<uint8_t> row_;
  std::vector<const uint8_t*> inputs_;
};

}  // namespace millrace
