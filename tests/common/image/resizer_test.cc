// Other sizes, whatever the kernel. That the pixels are Pillow's is in tests/interop/test_pictures.py.
#include "common/image/resizer.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/common/image/picture_fixture.h"

namespace millrace {
namespace {

using Fit = PictureOptions::Fit;

// All output rows, for input rows that come `at_once` at a time.
std::vector<uint8_t> Resize(const Pixels& in, const ResizePlan& plan, int at_once) {
  Resizer resizer;
  resizer.Start(in.width, in.height, in.channels, plan);
  const size_t row_bytes = static_cast<size_t>(plan.width * in.channels);
  std::vector<uint8_t> out;
  absl::Span<const uint8_t> rest(in.bytes);
  while (!rest.empty()) {
    const size_t piece = std::min(rest.size(), static_cast<size_t>(in.width * in.channels * at_once));
    const std::vector<uint8_t> exact(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(piece));  // for ASan
    resizer.Push(exact, [&](const uint8_t* row) { out.insert(out.end(), row, row + row_bytes); });
    rest.remove_prefix(piece);
  }
  EXPECT_EQ(out.size(), row_bytes * static_cast<size_t>(plan.height)) << "all rows have come";
  return out;
}

std::string Text(const ResizePlan& plan) {
  return absl::StrCat(plan.width, "x", plan.height, " of ", plan.left, ",", plan.top, " ", plan.right, ",",
                      plan.bottom);
}

TEST(PlanResize, StretchTakesAllOfIt) {
  EXPECT_EQ(Text(PlanResize(500, 375, {256, 256, Fit::kStretch})), "256x256 of 0,0 500,375");
}

TEST(PlanResize, InsideKeepsTheRatioAndNeverLosesASide) {
  EXPECT_EQ(Text(PlanResize(500, 375, {256, 256, Fit::kInside})), "256x192 of 0,0 500,375");
  EXPECT_EQ(Text(PlanResize(375, 500, {256, 256, Fit::kInside})), "192x256 of 0,0 375,500");
  EXPECT_EQ(Text(PlanResize(20, 10, {256, 256, Fit::kInside})), "256x128 of 0,0 20,10") << "also enlarges";
  EXPECT_EQ(Text(PlanResize(10'000, 3, {100, 100, Fit::kInside})), "100x1 of 0,0 10000,3");
}

TEST(PlanResize, CenterCropFillsIt) {
  EXPECT_EQ(Text(PlanResize(500, 375, {256, 256, Fit::kCenterCrop})), "256x256 of 62.5,0 437.5,375");
  EXPECT_EQ(Text(PlanResize(375, 500, {100, 50, Fit::kCenterCrop})), "100x50 of 0,156.25 375,343.75");
}

TEST(Resizer, SameBytesForEveryKernelAndHoweverRowsCome) {
  const int sizes[][4] = {{1, 1, 1, 1},     {1, 1, 9, 7},     {9, 7, 1, 1},     {67, 53, 32, 40}, {5, 100, 3, 9},
                          {100, 5, 300, 2}, {33, 33, 33, 11}, {33, 33, 11, 33}, {640, 8, 7, 8},   {130, 70, 129, 71}};
  for (const auto& [width, height, to_width, to_height] : sizes) {
    for (int channels : {1, 3}) {
      for (Fit fit : {Fit::kStretch, Fit::kCenterCrop}) {
        const Pixels in(width, height, channels);
        const ResizePlan plan = PlanResize(width, height, {to_width, to_height, fit});
        ASSERT_TRUE(SetResizeKernel(ResizeKernel::kScalar));
        const std::vector<uint8_t> expected = Resize(in, plan, height);
        EXPECT_TRUE(Resize(in, plan, 1) == expected) << Text(plan);
        EXPECT_TRUE(Resize(in, plan, 3) == expected) << Text(plan);
        for (ResizeKernel kernel : {ResizeKernel::kAvx2, ResizeKernel::kAvx512, ResizeKernel::kBest}) {
          if (!SetResizeKernel(kernel)) continue;  // this processor lacks it
          for (int at_once : {height, 1, 5}) {
            EXPECT_TRUE(Resize(in, plan, at_once) == expected) << Text(plan) << " from " << width << "x" << height;
          }
        }
      }
    }
  }
}

// Thousands of weights for one pixel: their sums are the largest that can be.
TEST(Resizer, WhiteStaysWhiteAndBlackBlack) {
  for (uint8_t value : {0, 255}) {
    Pixels in(20'000, 3, 3);
    in.bytes.assign(in.bytes.size(), value);
    for (ResizeKernel kernel : {ResizeKernel::kScalar, ResizeKernel::kAvx2, ResizeKernel::kBest}) {
      SetResizeKernel(kernel);
      EXPECT_EQ(Resize(in, PlanResize(20'000, 3, {2, 2, Fit::kStretch}), 3), std::vector<uint8_t>(12, value));
    }
  }
}

TEST(Resizer, MemoryIsKnownBefore) {
  const ResizePlan plan = PlanResize(60'000, 40'000, {256, 256, Fit::kStretch});
  EXPECT_LT(Resizer::Bytes(3, plan), 4 << 20);
  EXPECT_GT(Resizer::Bytes(3, PlanResize(10, 10, {100'000, 100, Fit::kStretch})), 100'000 * 24);
}

}  // namespace
}  // namespace millrace
