#include "common/dataset/montage.h"

#include <cmath>
#include <cstring>

#include "absl/types/span.h"
#include "common/dataset/png_file.h"

namespace millrace {

Montage::Montage(int64_t pictures)
    : pictures_(pictures), columns_(static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(pictures))))) {}

void Montage::Add(const Sample& sample) {
  const int64_t top = next_row() * (kSide + kGap) + kGap;
  const int64_t left = next_column() * (kSide + kGap) + kGap;
  const size_t begun = sheet_.size();
  sheet_.Resize(static_cast<size_t>(StrideBytes() * (top + kSide + kGap)));
  if (sheet_.size() > begun) std::memset(sheet_.data() + begun, 0xff, sheet_.size() - begun);

  const auto width = static_cast<int32_t>(sample.width), height = static_cast<int32_t>(sample.height);
  const auto channels = static_cast<int>(sample.channels);
  const ResizePlan plan = PlanResize(width, height, {kSide, kSide, PictureOptions::Fit::kInside});
  uint8_t* out =
      sheet_.data() + StrideBytes() * (top + (kSide - plan.height) / 2) + (left + (kSide - plan.width) / 2) * 3;
  resizer_.Start(width, height, channels, plan);
  resizer_.Push(sample.pixels.span(), [&](const uint8_t* row) {
    for (int64_t i = 0; i < plan.width * 3; ++i) out[i] = row[channels == 3 ? i : i / 3];
    out += StrideBytes();
  });
  ++added_;
}

absl::Status Montage::Write(const std::string& path) const {
  const int64_t stride = StrideBytes();
  return WritePng(path, sheet_.view(), static_cast<int64_t>(sheet_.size()) / stride, stride / 3, 3);
}

}  // namespace millrace
