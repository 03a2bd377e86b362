// Any bytes as an image of any format, in every way to decode it: an error or pixels, never a crash; the same with a
// used decoder, by rows, and with each resize kernel.
//
// The first byte picks options; the rest is the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/image/image_decoder.h"
#include "common/image/resize_kernels.h"

namespace millrace {
namespace {

const ImageLimits kLimits{.max_pixels = 1 << 16, .max_memory_bytes = 32 << 20, .max_scans = 20};

PictureOptions OptionsOf(uint8_t choice) {
  PictureOptions options;
  if (choice & 1) options.color = PictureOptions::Color::kRgb;
  if (choice & 2) options.exif = PictureOptions::Exif::kApply;
  const int32_t side = 1 + (choice >> 4) * 5;
  if (choice & 4) options.resize = PictureOptions::Resize{side, 24, PictureOptions::Fit{choice >> 3 & 1}};
  if ((choice & 12) == 8) options.resize = PictureOptions::Resize{side, 7, PictureOptions::Fit::kCenterCrop};
  return options;
}

// The pixels, or nothing.
std::vector<uint8_t> Decode(ImageDecoder& decoder, absl::string_view file, const PictureOptions& options,
                            bool by_rows) {
  ImageOr<ImageHeader> header = decoder.Open(file, options, kLimits);
  if (!std::holds_alternative<ImageHeader>(header)) return {};
  std::vector<uint8_t> pixels;
  if (by_rows && std::get<ImageHeader>(header).by_rows) {
    auto append = [&](absl::Span<const uint8_t> rows) { pixels.insert(pixels.end(), rows.begin(), rows.end()); };
    if (decoder.DecodeRows(append).has_value()) pixels.clear();
    return pixels;
  }
  pixels.resize(static_cast<size_t>(std::get<ImageHeader>(header).pixel_bytes()));
  if (decoder.Decode(pixels.data()).has_value()) pixels.clear();
  return pixels;
}

// The file as a JPEG of another size, or nothing.
std::string Recode(ImageDecoder& decoder, absl::string_view file, const PictureOptions& options) {
  ImageOr<ImageHeader> header = decoder.Open(file, options, kLimits);
  std::string out;
  if (!std::holds_alternative<ImageHeader>(header) || !std::get<ImageHeader>(header).recodes) return out;
  decoder.RecodeJpeg(90, out);
  return out;
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) return 0;
  static ImageDecoder reused;
  const PictureOptions options = OptionsOf(data[0]);
  // A copy of its exact size, so that the sanitizer sees the first byte read behind it.
  const std::vector<char> copy(data + 1, data + size);
  const absl::string_view file(copy.data(), copy.size());
  SetResizeKernel(ResizeKernel::kBest);
  ImageDecoder fresh;
  const std::vector<uint8_t> pixels = Decode(fresh, file, options, false);
  if (Decode(reused, file, options, true) != pixels) std::abort();
  const std::string recoded = Recode(fresh, file, options);
  SetResizeKernel(ResizeKernel::kScalar);
  if (Recode(reused, file, options) != recoded) std::abort();
  if (Decode(reused, file, options, false) != pixels) std::abort();
  return 0;
}
