// PNG to pixels, over libpng: gray of 1 to 16 bits becomes 8-bit gray, everything else RGB. Of 16 bits the high byte
// counts; transparency (alpha channel or tRNS) is laid over white; gamma and colour profiles are ignored, as Pillow
// does.
//
// Stricter than libpng: where it only warns about image data, the file is an error here. Chunks that do not change
// pixels are skipped unread.
#pragma once

#include <memory>
#include <string>

#include "common/image/format_decoder.h"

namespace millrace {

class PngDecoder : public FormatDecoder {
 public:
  PngDecoder();
  ~PngDecoder() override;
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  ImageOr<StoredHeader> Open(absl::string_view file, const ImageLimits& limits) override;
  std::optional<ImageError> Decode(uint8_t* pixels) override;
  std::optional<ImageError> DecodeRows(const RowSink& sink) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "libpng-1.6.39"
std::string PngVersion();

}  // namespace millrace
