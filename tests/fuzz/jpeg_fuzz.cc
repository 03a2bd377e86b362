// Any bytes as a JPEG: an error or pixels, never a crash, and the same both times and both ways.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "common/image/jpeg.h"

namespace millrace {
namespace {

const ImageLimits kLimits{.max_pixels = 1 << 18, .max_memory_bytes = 32 << 20, .max_scans = 20};

// The pixels, or nothing.
std::vector<uint8_t> Decode(JpegDecoder& decoder, absl::string_view file, bool by_rows) {
  ImageOr<StoredHeader> header = decoder.Open(file, kLimits);
  if (!std::holds_alternative<StoredHeader>(header)) return {};
  std::vector<uint8_t> pixels;
  if (by_rows) {
    auto append = [&](absl::Span<const uint8_t> rows) { pixels.insert(pixels.end(), rows.begin(), rows.end()); };
    if (decoder.DecodeRows(append).has_value()) pixels.clear();
    return pixels;
  }
  pixels.resize(static_cast<size_t>(std::get<StoredHeader>(header).pixel_bytes()));
  if (decoder.Decode(pixels.data()).has_value()) pixels.clear();
  return pixels;
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static millrace::JpegDecoder reused;
  absl::string_view file(reinterpret_cast<const char*>(data), size);
  millrace::JpegDecoder fresh;
  const std::vector<uint8_t> pixels = millrace::Decode(fresh, file, false);
  if (millrace::Decode(reused, file, false) != pixels || millrace::Decode(reused, file, true) != pixels) std::abort();
  return 0;
}
