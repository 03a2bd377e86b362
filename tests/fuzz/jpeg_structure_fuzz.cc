// The marker walk on any bytes: never a crash, and it refuses nothing that decodes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "common/image/jpeg.h"
#include "common/image/jpeg_structure.h"

namespace millrace {
namespace {

const ImageLimits kLimits{.max_pixels = 1 << 16, .max_memory_bytes = 32 << 20, .max_scans = 20};

bool Decodes(absl::string_view file) {
  JpegDecoder decoder;
  ImageOr<StoredHeader> header = decoder.Open(file, kLimits);
  if (!std::holds_alternative<StoredHeader>(header)) return false;
  std::vector<uint8_t> pixels(static_cast<size_t>(std::get<StoredHeader>(header).pixel_bytes()));
  return !decoder.Decode(pixels.data()).has_value();
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> copy(data, data + size);
  const absl::string_view file(copy.data(), copy.size());
  const millrace::ImageOr<millrace::JpegStructure> checked = millrace::CheckJpegStructure(file, millrace::kLimits);
  if (std::holds_alternative<millrace::ImageError>(checked) && millrace::Decodes(file)) std::abort();
  return 0;
}
