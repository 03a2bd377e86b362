// JPEG to pixels, over libjpeg-turbo: ISLOW, fancy upsampling, so the pixels are Pillow's bit for bit. Gray stays one
// channel; everything else becomes RGB (CMYK and YCCK by Pillow's arithmetic).
//
// Stricter than libjpeg: where it only warns and invents pixels, the image is an error here. Bytes after the end marker
// are allowed. docs/pipeline.md lists the cases.
//
// One owner, one thread at a time; reuse it, it keeps its small buffers. Decoding twice gives the same bytes, whatever
// came before.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/image/image_error.h"

namespace millrace {

struct ImageLimits {
  int64_t max_pixels = 178'956'970;               // Pillow's limit: 2^31 / 12
  int64_t max_memory_bytes = int64_t{320} << 20;  // file + decoder + rows, for one image
  int max_scans = 100;                            // of a progressive file: each costs a pass over all coefficients
};

struct JpegHeader {
  int32_t width = 0;
  int32_t height = 0;
  int32_t channels = 0;         // of the output: 1 or 3
  bool multiple_scans = false;  // progressive, or baseline in several scans: coefficients must be kept
  int64_t decoder_bytes = 0;    // estimate of what libjpeg needs beside the file and the pixels

  int64_t pixels() const { return int64_t{width} * height; }
  int64_t pixel_bytes() const { return pixels() * channels; }
  int64_t row_bytes() const { return int64_t{width} * channels; }
};

class JpegDecoder {
 public:
  // Whole rows from the top, row_bytes() each, valid during the call.
  using RowSink = std::function<void(absl::Span<const uint8_t> rows)>;

  JpegDecoder();
  ~JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  // Reads markers up to the first scan; no pixel is decoded. Checks max_pixels, and that file, decoder and a strip of
  // rows fit max_memory_bytes. `file` must stay until the decoding below has returned; one decoding an Open.
  ImageOr<JpegHeader> Open(absl::string_view file, const ImageLimits& limits);

  // Decodes the open file into `pixels`, which has room for pixel_bytes(). They are undefined after an error.
  std::optional<ImageError> Decode(uint8_t* pixels);

  // The same in strips of a few rows: needs no memory for all pixels. Rows may be delivered before an error is found.
  std::optional<ImageError> DecodeRows(const RowSink& sink);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "libjpeg-turbo-2.1.5": another version may give other pixels.
std::string JpegVersion();

}  // namespace millrace
