// JPEG to pixels, over libjpeg-turbo: ISLOW, fancy upsampling, so the pixels are Pillow's bit for bit. Gray stays one
// channel; everything else becomes RGB (CMYK and YCCK by Pillow's arithmetic).
//
// Stricter than libjpeg: where it only warns and invents pixels, the image is an error here. Bytes after the end marker
// are allowed. docs/pipeline.md lists the cases.
//
// One owner, one thread at a time; reuse it, it keeps its small buffers. Decoding twice gives the same bytes, whatever
// came before.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/image/format_decoder.h"

namespace millrace {

// A component as it is stored: `across` x `down` pixels of the picture share one of its samples.
struct JpegPlane {
  int32_t width = 0;
  int32_t height = 0;
  int across = 1;
  int down = 1;
};

class JpegDecoder : public FormatDecoder {
 public:
  JpegDecoder();
  ~JpegDecoder() override;
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  // Reads markers up to the first scan.
  ImageOr<StoredHeader> Open(absl::string_view file, const ImageLimits& limits) override;
  std::optional<ImageError> Decode(uint8_t* pixels) override;
  std::optional<ImageError> DecodeRows(const RowSink& sink) override;

  // The planes of the open file: gray, or Y, Cb and Cr; none if it has other colours, or a sampling that is not whole.
  std::vector<JpegPlane> Planes() const;
  // Instead of Decode, if there are planes: `count` rows of one of them, `stride` bytes apart, valid during the call.
  using PlaneSink = std::function<void(size_t plane, const uint8_t* rows, size_t stride, int count)>;
  std::optional<ImageError> DecodePlanes(const PlaneSink& sink);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "libjpeg-turbo-2.1.5": another version may give other pixels.
std::string JpegVersion();

}  // namespace millrace
