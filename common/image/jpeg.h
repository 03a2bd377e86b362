// JPEG to pixels, over libjpeg-turbo: ISLOW, fancy upsampling, so the pixels are Pillow's bit for bit. Gray stays one
// channel; everything else becomes RGB (CMYK and YCCK by Pillow's arithmetic).
//
// Stricter than libjpeg: where it only warns and invents pixels, the image is an error here. Bytes after the end marker
// are allowed. docs/pipeline.md lists the cases.
//
// One owner, one thread at a time; reuse it, it keeps its small buffers. Decoding twice gives the same bytes, whatever
// came before.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/image/format_decoder.h"

namespace millrace {

using JpegHeader = StoredHeader;

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

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "libjpeg-turbo-2.1.5": another version may give other pixels.
std::string JpegVersion();

}  // namespace millrace
