#include "worker/pipeline/estimate.h"

#include <algorithm>

#include "common/record/base64.h"
#include "worker/pipeline/image_file.h"
#include "worker/pipeline/image_limits.h"

namespace millrace {
namespace {

constexpr int64_t kHeaderBytes = 256 << 10;  // metadata before the frame header may be a 64 KiB segment or several
constexpr int64_t kFrameBytes = 300;         // everything of a record but the image
constexpr double kGzipRatio = 0.57;          // of base64 of photographs, igzip level 1

}  // namespace

std::optional<int64_t> EstimateRecordBytes(const std::string& path, const ConvertSpec& spec,
                                           const std::vector<std::string>& file_roots) {
  ImageFile file;
  if (file.Open(path, file_roots, {}).has_value()) return std::nullopt;
  std::string start(static_cast<size_t>(std::min(file.size(), kHeaderBytes)), '\0');
  if (file.ReadStart(reinterpret_cast<uint8_t*>(start.data()), static_cast<int64_t>(start.size())).has_value()) {
    return std::nullopt;
  }
  JpegDecoder decoder;
  ImageOr<JpegHeader> header = decoder.Open(start, LimitsOf(spec));
  if (!std::holds_alternative<JpegHeader>(header)) return std::nullopt;
  const double text =
      static_cast<double>(Base64Size(static_cast<uint64_t>(std::get<JpegHeader>(header).pixel_bytes())));
  const double ratio = spec.compression() == COMPRESSION_GZIP ? kGzipRatio : 1.0;
  return static_cast<int64_t>(text * ratio) + kFrameBytes;
}

}  // namespace millrace
