#include "common/image/webp.h"

#include <webp/decode.h>

#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/image/alpha.h"

namespace millrace {
namespace {

// What libwebp allocates beside its output: a few rows of macroblocks for lossy files, all pixels as 32-bit values and
// Huffman tables for lossless ones, an alpha plane.
constexpr int64_t kDecoderBase = int64_t{2} << 20;
constexpr int64_t kLossyBytesAColumn = 256;
constexpr int64_t kLosslessBytesAColumn = 4 * 17;  // rows on their way to the output
constexpr int64_t kAlphaBytesAPixel = 5;           // the plane, and 32-bit values while it is decoded without loss
constexpr int64_t kStripRows = 16;
constexpr size_t kKeptBytes = size_t{4} << 20;

enum Coding { kMixed = 0, kLossy = 1, kLossless = 2 };  // of WebPBitstreamFeatures::format

const uint8_t* BytesOf(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

uint32_t U32(absl::string_view file, size_t at) {
  const uint8_t* bytes = BytesOf(file) + at;
  return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

// Whether the RIFF file and each chunk in it end within `file`; bytes behind the RIFF file are allowed.
bool IsWhole(absl::string_view file) {
  const size_t riff = size_t{U32(file, 4)} + 8;
  if (riff > file.size()) return false;
  for (size_t at = 12; at + 8 <= riff;) {
    const size_t length = U32(file, at + 4);
    if (length > riff - at - 8) return false;
    at += 8 + length + length % 2;
  }
  return true;
}

int64_t DecoderBytes(const WebPBitstreamFeatures& features) {
  const int64_t width = features.width, pixels = width * features.height;
  int64_t bytes = kDecoderBase + width * kLossyBytesAColumn;
  if (features.format != kLossy) bytes += pixels * 4 + width * kLosslessBytesAColumn;
  if (features.has_alpha && features.format != kLossless) bytes += pixels * kAlphaBytesAPixel;
  return bytes;
}

}  // namespace

struct WebpDecoder::State {
  absl::string_view file;
  StoredHeader header;
  bool alpha = false;
  std::vector<uint8_t> buffer;  // all pixels, with alpha if there is some

  ImageError Error(VP8StatusCode status) const;
  std::optional<ImageError> DecodeTo(uint8_t* out);
  std::optional<ImageError> DecodeToBuffer();
};

WebpDecoder::WebpDecoder() : state_(std::make_unique<State>()) {}
WebpDecoder::~WebpDecoder() = default;

ImageError WebpDecoder::State::Error(VP8StatusCode status) const {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return TruncatedAfter(file.size(), 0, header.height);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return {"decode/unsupported", "a kind of WebP that libwebp does not decode"};
    case VP8_STATUS_OUT_OF_MEMORY:
      return {"image/too_large_for_memory", "libwebp could not get the memory it needs"};
    default:
      return {"decode/corrupt", "damaged WebP data"};
  }
}

ImageOr<StoredHeader> WebpDecoder::Open(absl::string_view file, const ImageLimits& limits) {
  State& state = *state_;
  state.file = file;
  state.header = {};
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(BytesOf(file), file.size(), &features);
  if (status != VP8_STATUS_OK) return state.Error(status);
  if (features.has_animation) {
    return ImageError{"decode/unsupported", "an animated WebP: it has many pictures, and a row has one"};
  }
  state.header.width = features.width;
  state.header.height = features.height;
  state.header.channels = 3;
  state.header.streams = false;
  state.alpha = features.has_alpha != 0;
  const int64_t buffer = state.header.pixel_bytes() + (state.alpha ? state.header.pixels() : 0);
  state.header.decoder_bytes = DecoderBytes(features) + buffer;
  const int64_t needed = static_cast<int64_t>(file.size()) + state.header.decoder_bytes;
  if (auto error = CheckLimits(features.width, features.height, needed, limits)) return *std::move(error);
  return state.header;
}

std::optional<ImageError> WebpDecoder::State::DecodeTo(uint8_t* out) {
  if (!IsWhole(file)) return TruncatedAfter(file.size(), 0, header.height);
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return ImageError{"decode/unsupported", "another version of libwebp"};
  const size_t row_bytes = static_cast<size_t>(header.width) * (alpha ? 4 : 3);
  config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = out;
  config.output.u.RGBA.stride = static_cast<int>(row_bytes);
  config.output.u.RGBA.size = row_bytes * static_cast<size_t>(header.height);
  const VP8StatusCode status = WebPDecode(BytesOf(file), file.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) return Error(status);
  return std::nullopt;
}

std::optional<ImageError> WebpDecoder::State::DecodeToBuffer() {
  buffer.resize(static_cast<size_t>(header.pixels()) * (alpha ? 4 : 3));
  if (auto error = DecodeTo(buffer.data())) return error;
  if (alpha) OverWhite(buffer.data(), static_cast<size_t>(header.pixels()), 3, buffer.data());
  return std::nullopt;
}

std::optional<ImageError> WebpDecoder::Decode(uint8_t* pixels) {
  if (!state_->alpha) return state_->DecodeTo(pixels);
  return DecodeRows([&](absl::Span<const uint8_t> rows) {
    std::memcpy(pixels, rows.data(), rows.size());
    pixels += rows.size();
  });
}

std::optional<ImageError> WebpDecoder::DecodeRows(const RowSink& sink) {
  State& state = *state_;
  std::optional<ImageError> error = state.DecodeToBuffer();
  absl::Span<const uint8_t> rows(state.buffer.data(), static_cast<size_t>(state.header.pixel_bytes()));
  const size_t strip = static_cast<size_t>(state.header.row_bytes()) * kStripRows;
  for (; !error.has_value() && !rows.empty(); rows.remove_prefix(std::min(strip, rows.size()))) {
    sink(rows.subspan(0, strip));
  }
  if (state.buffer.size() > kKeptBytes) state.buffer = {};
  return error;
}

std::string WebpVersion() {
  const int version = WebPGetDecoderVersion();
  return absl::StrCat("libwebp-", version >> 16, ".", version >> 8 & 255, ".", version & 255);
}

}  // namespace millrace
