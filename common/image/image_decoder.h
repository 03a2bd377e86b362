// ImageDecoder: the bytes of an image file, of whatever format, to the pixels of a record: decode, colour, resize,
// orientation. docs/images.md says what becomes of each kind of file.
//
// The format is found in the content, never in a name: JPEG, PNG, WebP, BMP. Everything else is an error that says what
// was found. Corrupt and truncated files are errors, never invented pixels.
//
// One owner, one thread at a time; reuse it, it keeps its small buffers. The same bytes and options give the same
// pixels, whatever came before and whatever the CPU.
//
//   ImageDecoder decoder;
//   ImageOr<ImageHeader> header = decoder.Open(file, options, limits);
//   std::vector<uint8_t> pixels(header.pixel_bytes());      // reserve header.decoder_bytes beside it
//   if (std::optional<ImageError> error = decoder.Decode(pixels.data())) …
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/image/image_error.h"
#include "common/image/image_limits.h"
#include "common/image/picture_options.h"
#include "common/image/sniff.h"

namespace millrace {

struct ImageHeader {
  ImageFormat format = ImageFormat::kJpeg;
  int32_t stored_width = 0;
  int32_t stored_height = 0;
  int orientation = 1;     // EXIF, 1 to 8; read only with Exif::kApply
  bool as_stored = false;  // no option changes a pixel: a JPEG may be passed through

  // Of the picture that decoding gives.
  int32_t width = 0;
  int32_t height = 0;
  int32_t channels = 0;  // 1 or 3, rows without padding

  int64_t decoder_bytes = 0;  // what decoding needs at most beside the file and the picture
  bool by_rows = false;       // DecodeRows works, and needs a strip of kStripRows rows instead of the picture

  bool recodes = false;  // a JPEG that RecodeJpeg can resize

  int64_t pixels() const { return int64_t{width} * height; }
  int64_t pixel_bytes() const { return pixels() * channels; }
  int64_t row_bytes() const { return int64_t{width} * channels; }
};

class ImageDecoder {
 public:
  // Whole rows from the top, at most kStripRows of them, row_bytes() each, valid during the call.
  using RowSink = std::function<void(absl::Span<const uint8_t> rows)>;
  static constexpr int kStripRows = 16;

  ImageDecoder();
  ~ImageDecoder();
  ImageDecoder(const ImageDecoder&) = delete;
  ImageDecoder& operator=(const ImageDecoder&) = delete;

  // Reads the header; nothing that depends on its numbers is allocated. Checks max_pixels, and that file, decoder and
  // picture (a strip of it, if by_rows) fit max_memory_bytes. A file that was cut behind its header opens: the scan
  // estimates from the first bytes. `file` must stay until the decoding below has returned; one decoding an Open.
  ImageOr<ImageHeader> Open(absl::string_view file, const PictureOptions& options, const ImageLimits& limits);

  // Decodes the open file into `pixels`, which has room for pixel_bytes(). They are undefined after an error.
  std::optional<ImageError> Decode(uint8_t* pixels);

  // The same in strips, only if the header says by_rows. Rows may be delivered before an error is found.
  std::optional<ImageError> DecodeRows(const RowSink& sink);

  // Instead of decoding, resizing and encoding, only if the header says `recodes`: the open JPEG as a JPEG of the
  // picture's size, appended to `out`, in less time. Pixels differ a little from those that encoding the
  // decoded picture would give: chroma is resized as it is stored. `quality` as in ImageEncoder::AppendJpeg.
  std::optional<ImageError> RecodeJpeg(int quality, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "libjpeg-turbo-2.1.5 libpng-1.6.39 libwebp-1.2.4 pictures-1": with another version pixels or encoded bytes may be
// other ones.
std::string ImageVersions();

}  // namespace millrace
