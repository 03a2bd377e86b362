// WebP to pixels, over libwebp: lossy and lossless, always RGB; transparency is laid over white. Animations are
// refused.
//
// The container is checked before: a file that is shorter than its RIFF header or a chunk says is truncated here, where
// libwebp may still paint something.
#pragma once

#include <memory>
#include <string>

#include "common/image/format_decoder.h"

namespace millrace {

class WebpDecoder : public FormatDecoder {
 public:
  WebpDecoder();
  ~WebpDecoder() override;
  WebpDecoder(const WebpDecoder&) = delete;
  WebpDecoder& operator=(const WebpDecoder&) = delete;

  ImageOr<StoredHeader> Open(absl::string_view file, const ImageLimits& limits) override;
  std::optional<ImageError> Decode(uint8_t* pixels) override;
  std::optional<ImageError> DecodeRows(const RowSink& sink) override;  // needs memory for all pixels

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "libwebp-1.2.4"
std::string WebpVersion();

}  // namespace millrace
