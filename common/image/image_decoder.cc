#include "common/image/image_decoder.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/image/format_decoder.h"
#include "common/image/jpeg.h"

namespace millrace {
namespace {

// Changes with every change of ours that gives other pixels or other encoded bytes.
constexpr absl::string_view kOurs = "pictures-1";

void ExpandGray(absl::Span<const uint8_t> gray, uint8_t* rgb) {
  for (uint8_t value : gray) {
    rgb[0] = rgb[1] = rgb[2] = value;
    rgb += 3;
  }
}

}  // namespace

struct ImageDecoder::State {
  JpegDecoder jpeg;
  FormatDecoder* open = nullptr;
  StoredHeader stored;
  ImageHeader header;
  std::vector<uint8_t> strip;

  bool plain() const { return header.channels == stored.channels; }
  FormatDecoder& DecoderOf(ImageFormat format);
  void PlanPicture(const PictureOptions& options);
  std::optional<ImageError> DecodeRows(const RowSink& sink);
};

ImageDecoder::ImageDecoder() : state_(std::make_unique<State>()) {}
ImageDecoder::~ImageDecoder() = default;

FormatDecoder& ImageDecoder::State::DecoderOf(ImageFormat) { return jpeg; }

void ImageDecoder::State::PlanPicture(const PictureOptions& options) {
  header.stored_width = stored.width;
  header.stored_height = stored.height;
  header.width = stored.width;
  header.height = stored.height;
  header.channels = options.color == PictureOptions::Color::kRgb ? 3 : stored.channels;
  header.as_stored = header.channels == stored.channels;
  header.by_rows = stored.streams;
  header.decoder_bytes = stored.decoder_bytes;
  if (!plain()) header.decoder_bytes += stored.row_bytes() * kStripRows;
}

ImageOr<ImageHeader> ImageDecoder::Open(absl::string_view file, const PictureOptions& options,
                                        const ImageLimits& limits) {
  State& state = *state_;
  ImageOr<ImageFormat> format = SniffFormat(file);
  if (auto* error = std::get_if<ImageError>(&format)) return std::move(*error);
  state.header = {};
  state.header.format = std::get<ImageFormat>(format);
  state.open = &state.DecoderOf(state.header.format);
  ImageOr<StoredHeader> stored = state.open->Open(file, limits);
  if (auto* error = std::get_if<ImageError>(&stored)) return std::move(*error);
  state.stored = std::get<StoredHeader>(stored);
  state.PlanPicture(options);
  const ImageHeader& header = state.header;
  const int64_t picture = header.by_rows ? header.row_bytes() * kStripRows : header.pixel_bytes();
  const int64_t needed = static_cast<int64_t>(file.size()) + header.decoder_bytes + picture;
  if (auto error = CheckLimits(header.width, header.height, needed, limits)) return *std::move(error);
  return header;
}

std::optional<ImageError> ImageDecoder::Decode(uint8_t* pixels) {
  if (state_->plain()) return state_->open->Decode(pixels);
  return state_->open->DecodeRows([&](absl::Span<const uint8_t> rows) {
    ExpandGray(rows, pixels);
    pixels += rows.size() * 3;
  });
}

std::optional<ImageError> ImageDecoder::DecodeRows(const RowSink& sink) {
  if (state_->plain()) return state_->open->DecodeRows(sink);
  std::vector<uint8_t>& strip = state_->strip;
  return state_->open->DecodeRows([&](absl::Span<const uint8_t> rows) {
    strip.resize(rows.size() * 3);
    ExpandGray(rows, strip.data());
    sink(strip);
  });
}

std::string ImageVersions() { return absl::StrCat(JpegVersion(), " ", kOurs); }

}  // namespace millrace
