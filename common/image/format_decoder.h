// FormatDecoder: what each image format gives to ImageDecoder: its pixels as they are stored, in 1 or 3 channels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/image/image_error.h"
#include "common/image/image_limits.h"

namespace millrace {

struct StoredHeader {
  int32_t width = 0;
  int32_t height = 0;
  int32_t channels = 0;         // of what decoding gives: 1 gray, 3 RGB
  bool multiple_scans = false;  // of a JPEG: progressive, or baseline in several scans: coefficients must be kept
  bool streams = true;          // DecodeRows needs no memory for all pixels
  int64_t decoder_bytes = 0;    // what the format's library needs beside the file and the pixels

  int64_t pixels() const { return int64_t{width} * height; }
  int64_t pixel_bytes() const { return pixels() * channels; }
  int64_t row_bytes() const { return int64_t{width} * channels; }
};

// One owner, one thread at a time. Decoding twice gives the same bytes, whatever came before.
class FormatDecoder {
 public:
  // Whole rows from the top, row_bytes() each, valid during the call.
  using RowSink = std::function<void(absl::Span<const uint8_t> rows)>;

  virtual ~FormatDecoder() = default;

  // Reads the header; no pixel is decoded. Checks max_pixels, and that file, decoder and a strip of rows fit
  // max_memory_bytes. `file` must stay until the decoding below has returned; one decoding an Open.
  virtual ImageOr<StoredHeader> Open(absl::string_view file, const ImageLimits& limits) = 0;

  // Decodes the open file into `pixels`, which has room for pixel_bytes(). They are undefined after an error.
  virtual std::optional<ImageError> Decode(uint8_t* pixels) = 0;

  // The same in strips of at most 16 rows. Rows may be delivered before an error is found.
  virtual std::optional<ImageError> DecodeRows(const RowSink& sink) = 0;
};

// Nothing if the header keeps the limits. `needed_bytes` is for the whole file.
std::optional<ImageError> CheckLimits(int64_t width, int64_t height, int64_t needed_bytes, const ImageLimits& limits,
                                      absl::string_view kind = "");

// "the file ends after 8,192 bytes, 70 of 374 rows decoded"; `height` is 0 while it is not known.
ImageError TruncatedAfter(size_t file_bytes, int64_t rows, int64_t height);

}  // namespace millrace
