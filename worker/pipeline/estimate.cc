#include "worker/pipeline/estimate.h"

#include <algorithm>

#include "common/image/image_decoder.h"
#include "common/record/base64.h"
#include "worker/pipeline/image_file.h"
#include "worker/pipeline/image_wishes.h"

namespace millrace {
namespace {

constexpr int64_t kHeaderBytes = 256 << 10;  // metadata before the frame header may be a 64 KiB segment or several
constexpr int64_t kFrameBytes = 300;         // everything of a record but the image

// Of photographs; a plan of shards needs no more. Gzip of files that are compressed in themselves saves nothing.
double GzipRatio(const ConvertSpec& spec) {
  if (spec.compression() == COMPRESSION_NONE || ImageWishes(spec).files()) return 1.0;
  switch (spec.gzip_level()) {
    case GZIP_LEVEL_FAST:
      return 0.65;
    case GZIP_LEVEL_SMALL:
      return 0.52;
    default:
      return 0.57;
  }
}

// What the image feature of a photograph takes before gzip.
int64_t ImageBytes(const ImageHeader& header, int64_t file_bytes, const ImageWishes& wishes) {
  switch (wishes.payload) {
    case PAYLOAD_RAW:
      return header.pixel_bytes();
    case PAYLOAD_JPEG:
      return header.format == ImageFormat::kJpeg && header.as_stored ? file_bytes : header.pixel_bytes() / 8;
    case PAYLOAD_PNG:
      return header.pixel_bytes() / 2;
    default:
      return static_cast<int64_t>(Base64Size(static_cast<uint64_t>(header.pixel_bytes())));
  }
}

}  // namespace

std::optional<int64_t> EstimateRecordBytes(const std::string& path, const ConvertSpec& spec,
                                           const std::vector<std::string>& file_roots) {
  ImageFile file;
  if (file.Open(path, file_roots, {}).has_value()) return std::nullopt;
  std::string start(static_cast<size_t>(std::min(file.size(), kHeaderBytes)), '\0');
  if (file.ReadStart(reinterpret_cast<uint8_t*>(start.data()), static_cast<int64_t>(start.size())).has_value()) {
    return std::nullopt;
  }
  const ImageWishes wishes(spec);
  ImageDecoder decoder;
  ImageOr<ImageHeader> header = decoder.Open(start, wishes.picture, wishes.limits);
  if (!std::holds_alternative<ImageHeader>(header)) return std::nullopt;
  const int64_t image = ImageBytes(std::get<ImageHeader>(header), file.size(), wishes);
  return static_cast<int64_t>(static_cast<double>(image) * GzipRatio(spec)) + kFrameBytes;
}

}  // namespace millrace
