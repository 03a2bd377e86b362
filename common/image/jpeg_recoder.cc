#include "common/image/jpeg_recoder.h"

#include <cstring>

namespace millrace {
namespace {

constexpr size_t kKeptBytes = size_t{4} << 20;

size_t RoundUp(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

// The plan in samples of a plane, for an output in which `shared` x `shared` pixels share a sample. The last sample of
// an odd side lies half beyond the picture.
ResizePlan PlanOf(const ResizePlan& plan, const JpegPlane& stored, int shared) {
  ResizePlan of = plan;
  of.width = (plan.width + shared - 1) / shared;
  of.height = (plan.height + shared - 1) / shared;
  const double across = (static_cast<double>(plan.right) - plan.left) / plan.width;
  const double down = (static_cast<double>(plan.bottom) - plan.top) / plan.height;
  of.left = plan.left / static_cast<float>(stored.across);
  of.top = plan.top / static_cast<float>(stored.down);
  of.right = of.left + static_cast<float>(across * of.width * shared / stored.across);
  of.bottom = of.top + static_cast<float>(down * of.height * shared / stored.down);
  return of;
}

}  // namespace

int64_t JpegRecoder::Bytes(const ResizePlan& plan) {
  return 3 * Resizer::Bytes(1, plan) + (int64_t{plan.width} + 32) * (int64_t{plan.height} + 32) * 3 / 2;
}

void JpegRecoder::Plane::Start(const JpegPlane& stored, const ResizePlan& plan, int shared) {
  const ResizePlan of = PlanOf(plan, stored, shared);
  resizer.Start(stored.width, stored.height, 1, of);
  width = static_cast<size_t>(of.width);
  stride = RoundUp(width, 16);
  rows = 0;
  samples.resize(stride * RoundUp(static_cast<size_t>(of.height), 16));
}

// A row, its last sample repeated up to the stride.
void JpegRecoder::Plane::Add(const uint8_t* row) {
  uint8_t* to = samples.data() + stride * rows++;
  std::memcpy(to, row, width);
  std::memset(to + width, row[width - 1], stride - width);
}

// The last row, repeated.
void JpegRecoder::Plane::Finish() {
  for (; rows * stride < samples.size(); ++rows) {
    std::memcpy(samples.data() + stride * rows, samples.data() + stride * (rows - 1), stride);
  }
}

std::optional<ImageError> JpegRecoder::Append(JpegDecoder& decoder, const ResizePlan& plan, int quality,
                                              std::string& out) {
  const std::vector<JpegPlane> stored = decoder.Planes();
  PlanarPicture picture{plan.width, plan.height, static_cast<int>(stored.size()), {}, {}};
  for (size_t i = 0; i < stored.size(); ++i) planes_[i].Start(stored[i], plan, i == 0 ? 1 : 2);
  auto resize = [&](size_t i, const uint8_t* rows, size_t stride, int count) {
    Plane& plane = planes_[i];
    plane.resizer.Push(rows, stride, count, [&](const uint8_t* row) { plane.Add(row); });
  };
  if (auto error = decoder.DecodePlanes(resize)) return error;
  for (size_t i = 0; i < stored.size(); ++i) {
    planes_[i].Finish();
    picture.planes[i] = planes_[i].samples.data();
    picture.strides[i] = planes_[i].stride;
  }
  std::optional<ImageError> error = encoder_.AppendPlanes(picture, quality, out);
  for (Plane& plane : planes_) {
    plane.resizer.Shrink(kKeptBytes);
    if (plane.samples.capacity() > kKeptBytes) plane.samples = {};
  }
  return error;
}

}  // namespace millrace
