#include "common/image/resizer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace millrace {
namespace {

size_t Padded(size_t bytes) { return (bytes + kRowPadding - 1) / kRowPadding * kRowPadding; }

// Python's round(), to the even one of two equally near; at least one pixel.
int32_t RoundedSide(double side) { return std::max(1, static_cast<int32_t>(std::nearbyint(side))); }

ResizePlan Inside(ResizePlan plan, double width, double height) {
  const double ratio = width / height;
  const double wanted = static_cast<double>(plan.width) / plan.height;
  if (ratio > wanted) {
    plan.height = RoundedSide(height / width * plan.width);
  } else if (ratio < wanted) {
    plan.width = RoundedSide(width / height * plan.height);
  }
  return plan;
}

ResizePlan CenterCrop(ResizePlan plan, double width, double height) {
  const double wanted = static_cast<double>(plan.width) / plan.height;
  double crop_width = width, crop_height = height;
  if (width / height > wanted) {
    crop_width = wanted * height;
  } else if (width / height < wanted) {
    crop_height = width / wanted;
  }
  const double left = (width - crop_width) * 0.5;
  const double top = (height - crop_height) * 0.5;
  plan.left = static_cast<float>(left);
  plan.top = static_cast<float>(top);
  plan.right = static_cast<float>(left + crop_width);
  plan.bottom = static_cast<float>(top + crop_height);
  return plan;
}

}  // namespace

ResizePlan PlanResize(int32_t width, int32_t height, const PictureOptions::Resize& resize) {
  ResizePlan plan{0, 0, static_cast<float>(width), static_cast<float>(height), resize.width, resize.height};
  if (resize.fit == PictureOptions::Fit::kInside) return Inside(plan, width, height);
  if (resize.fit == PictureOptions::Fit::kCenterCrop) return CenterCrop(plan, width, height);
  return plan;
}

int64_t Resizer::Bytes(int channels, const ResizePlan& plan) {
  const double box = static_cast<double>(plan.bottom) - plan.top;
  const int64_t rows = static_cast<int64_t>(std::ceil(std::max(1.0, box / plan.height))) * 2 + 3 + kMostRowsAtOnce;
  const int64_t stride = int64_t{plan.width} * channels + static_cast<int64_t>(kRowPadding);
  return ResizeWeights::Bytes(static_cast<double>(plan.right) - plan.left, plan.width) +
         ResizeWeights::Bytes(box, plan.height) + rows * (stride + 8);
}

void Resizer::Start(int32_t width, int32_t height, int channels, const ResizePlan& plan) {
  across_.Compute(width, plan.left, plan.right, plan.width);
  down_.Compute(height, plan.top, plan.bottom, plan.height);
  columns_ = static_cast<size_t>(width);
  channels_ = channels;
  next_in_ = next_out_ = 0;
  ring_rows_ = down_.max_count + kMostRowsAtOnce;  // those of one output, and those that are made at once
  ring_stride_ = Padded(static_cast<size_t>(plan.width) * static_cast<size_t>(channels));
  ring_.resize(static_cast<size_t>(ring_rows_) * ring_stride_);
  row_.resize(ring_stride_);
  inputs_.resize(static_cast<size_t>(down_.max_count));
}

void Resizer::Push(absl::Span<const uint8_t> rows, const RowSink& out) {
  const size_t stride = columns_ * static_cast<size_t>(channels_);
  Push(rows.data(), stride, static_cast<int>(rows.size() / stride), out);
}

void Resizer::Push(const uint8_t* in, size_t stride, int rows, const RowSink& out) {
  const int begin = down_.first.front();
  const int end = down_.end_of(down_.outputs - 1);
  for (int step = 0; rows > 0; in += stride * static_cast<size_t>(step), rows -= step) {
    const bool needed = next_in_ >= begin && next_in_ < end;
    step = needed ? std::min({rows, kMostRowsAtOnce, end - next_in_}) : 1;
    if (needed) MakeRows(in, stride, next_in_, step);
    next_in_ += step;
    if (needed) EmitRows(out);
  }
}

void Resizer::MakeRows(const uint8_t* in, size_t stride, int y, int rows) {
  const ResizeKernels& kernels = ChosenResizeKernels();
  if (across_.identity) {
    for (int k = 0; k < rows; ++k, in += stride) {
      std::memcpy(RingRow(y + k), in, columns_ * static_cast<size_t>(channels_));
    }
    return;
  }
  const auto make = channels_ == 1 ? kernels.gray_rows : kernels.color_rows;
  for (int done = 0; done < rows; done += kernels.at_once) {
    const uint8_t* from[kMostRowsAtOnce];
    uint8_t* to[kMostRowsAtOnce];
    for (int k = 0; k < kernels.at_once; ++k) {
      const int row = std::min(done + k, rows - 1);  // too few: the last one again
      from[k] = in + stride * static_cast<size_t>(row);
      to[k] = RingRow(y + row);
    }
    make(across_, from, columns_, to);
  }
}

void Resizer::EmitRows(const RowSink& out) {
  const ResizeKernels& kernels = ChosenResizeKernels();
  for (; next_out_ < down_.outputs && down_.end_of(next_out_) <= next_in_; ++next_out_) {
    const size_t output = static_cast<size_t>(next_out_);
    if (down_.identity) {
      out(RingRow(next_out_));
      continue;
    }
    for (int k = 0; k < down_.count[output]; ++k) inputs_[static_cast<size_t>(k)] = RingRow(down_.first[output] + k);
    kernels.column(down_, next_out_, inputs_.data(), static_cast<size_t>(across_.outputs * channels_), row_.data());
    out(row_.data());
  }
}

void Resizer::Shrink(size_t kept_bytes) {
  if (ring_.capacity() > kept_bytes) ring_ = {};
  for (ResizeWeights* weights : {&across_, &down_}) {
    if (weights->high.capacity() * 8 > kept_bytes) *weights = {};
  }
}

}  // namespace millrace
