#include "common/image/image_decoder.h"

#include <array>
#include <cassert>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/image/bmp.h"
#include "common/image/exif.h"
#include "common/image/jpeg.h"
#include "common/image/jpeg_recoder.h"
#include "common/image/orient.h"
#include "common/image/png.h"
#include "common/image/resizer.h"
#include "common/image/webp.h"

namespace millrace {
namespace {

// Changes with every change of ours that gives other pixels or other encoded bytes.
constexpr absl::string_view kOurs = "pictures-1";
constexpr size_t kKeptBytes = size_t{4} << 20;

void ExpandGray(absl::Span<const uint8_t> gray, uint8_t* rgb) {
  for (uint8_t value : gray) {
    rgb[0] = rgb[1] = rgb[2] = value;
    rgb += 3;
  }
}

}  // namespace

// From the format's decoder to the picture: resize (in the stored orientation and channels), colour, orientation.
struct ImageDecoder::State {
  JpegDecoder jpeg;
  PngDecoder png;
  WebpDecoder webp;
  BmpDecoder bmp;
  Resizer resizer;
  JpegRecoder recoder;
  FormatDecoder* open = nullptr;
  StoredHeader stored;
  std::optional<ResizePlan> plan;
  ImageHeader header;
  std::vector<uint8_t> rgb;    // gray rows, expanded
  std::vector<uint8_t> strip;  // resized rows on their way to a sink

  FormatDecoder& DecoderOf(ImageFormat format);
  void PlanPicture(const PictureOptions& options);
  void PlanSize(const PictureOptions& options);
  int32_t unturned_width() const { return SwapsSides(header.orientation) ? header.height : header.width; }
  int32_t unturned_height() const { return SwapsSides(header.orientation) ? header.width : header.height; }
  absl::Span<const uint8_t> InColor(absl::Span<const uint8_t> rows);
  std::optional<ImageError> Run(const RowSink& sink);
  std::optional<ImageError> RunResizing(const RowSink& sink);
};

ImageDecoder::ImageDecoder() : state_(std::make_unique<State>()) {}
ImageDecoder::~ImageDecoder() = default;

FormatDecoder& ImageDecoder::State::DecoderOf(ImageFormat format) {
  switch (format) {
    case ImageFormat::kPng:
      return png;
    case ImageFormat::kWebp:
      return webp;
    case ImageFormat::kBmp:
      return bmp;
    case ImageFormat::kJpeg:
      break;
  }
  return jpeg;
}

void ImageDecoder::State::PlanPicture(const PictureOptions& options) {
  header.stored_width = stored.width;
  header.stored_height = stored.height;
  header.channels = options.color == PictureOptions::Color::kRgb ? 3 : stored.channels;
  header.decoder_bytes = stored.decoder_bytes;
  PlanSize(options);
  const bool turned = header.orientation != 1;
  header.as_stored = header.channels == stored.channels && !turned && !plan.has_value();
  header.by_rows = !turned && (stored.streams || plan.has_value());
  if (header.as_stored) return;
  header.decoder_bytes += stored.row_bytes() * kStripRows;
  header.decoder_bytes += int64_t{unturned_width()} * 3 * kStripRows;
  if (!plan.has_value()) return;
  header.decoder_bytes += Resizer::Bytes(stored.channels, *plan);
  header.recodes =
      header.format == ImageFormat::kJpeg && !turned && static_cast<int32_t>(jpeg.Planes().size()) == header.channels;
  if (header.recodes) header.decoder_bytes += JpegRecoder::Bytes(*plan);
}

// A size is of the picture as seen; the plan works on the picture as stored.
void ImageDecoder::State::PlanSize(const PictureOptions& options) {
  plan.reset();
  int32_t width = stored.width, height = stored.height;
  const bool swap = SwapsSides(header.orientation);
  if (options.resize.has_value()) {
    PictureOptions::Resize resize = *options.resize;
    if (swap) std::swap(resize.width, resize.height);
    plan = PlanResize(width, height, resize);
    width = plan->width;
    height = plan->height;
    if (plan->IsIdentity(stored.width, stored.height)) plan.reset();
  }
  if (swap) std::swap(width, height);
  header.width = width;
  header.height = height;
}

ImageOr<ImageHeader> ImageDecoder::Open(absl::string_view file, const PictureOptions& options,
                                        const ImageLimits& limits) {
  State& state = *state_;
  ImageOr<ImageFormat> format = SniffFormat(file);
  if (auto* error = std::get_if<ImageError>(&format)) return std::move(*error);
  state.header = {};
  ImageHeader& header = state.header;
  header.format = std::get<ImageFormat>(format);
  if (options.exif == PictureOptions::Exif::kApply) {
    header.orientation = ExifOrientation(FindExif(header.format, file));
  }
  state.open = &state.DecoderOf(header.format);
  ImageOr<StoredHeader> stored = state.open->Open(file, limits);
  if (auto* error = std::get_if<ImageError>(&stored)) return std::move(*error);
  state.stored = std::get<StoredHeader>(stored);
  state.PlanPicture(options);
  const int64_t picture = header.by_rows ? header.row_bytes() * kStripRows : header.pixel_bytes();
  const int64_t needed = static_cast<int64_t>(file.size()) + header.decoder_bytes + picture;
  if (auto error = CheckLimits(header.width, header.height, needed, limits)) return *std::move(error);
  return header;
}

std::optional<ImageError> ImageDecoder::Decode(uint8_t* pixels) {
  State& state = *state_;
  const ImageHeader& header = state.header;
  if (header.as_stored) return state.open->Decode(pixels);
  OrientedWriter writer(pixels, state.unturned_width(), state.unturned_height(), header.channels, header.orientation);
  return state.Run([&](absl::Span<const uint8_t> rows) { writer.Push(rows); });
}

std::optional<ImageError> ImageDecoder::DecodeRows(const RowSink& sink) {
  assert(state_->header.by_rows);
  return state_->header.as_stored ? state_->open->DecodeRows(sink) : state_->Run(sink);
}

std::optional<ImageError> ImageDecoder::RecodeJpeg(int quality, std::string& out) {
  assert(state_->header.recodes);
  return state_->recoder.Append(state_->jpeg, *state_->plan, quality, out);
}

absl::Span<const uint8_t> ImageDecoder::State::InColor(absl::Span<const uint8_t> rows) {
  if (header.channels == stored.channels) return rows;
  rgb.resize(rows.size() * 3);
  ExpandGray(rows, rgb.data());
  return rgb;
}

// Rows of the picture before it is turned.
std::optional<ImageError> ImageDecoder::State::Run(const RowSink& sink) {
  if (plan.has_value()) return RunResizing(sink);
  return open->DecodeRows([&](absl::Span<const uint8_t> rows) { sink(InColor(rows)); });
}

std::optional<ImageError> ImageDecoder::State::RunResizing(const RowSink& sink) {
  const size_t row_bytes = static_cast<size_t>(plan->width) * static_cast<size_t>(stored.channels);
  strip.clear();
  auto flush = [&] {
    if (!strip.empty()) sink(InColor(strip));
    strip.clear();
  };
  auto collect = [&](const uint8_t* row) {
    strip.insert(strip.end(), row, row + row_bytes);
    if (strip.size() == row_bytes * kStripRows) flush();
  };
  resizer.Start(stored.width, stored.height, stored.channels, *plan);
  std::optional<ImageError> error =
      open->DecodeRows([&](absl::Span<const uint8_t> rows) { resizer.Push(rows, collect); });
  if (!error.has_value()) flush();
  resizer.Shrink(kKeptBytes);
  return error;
}

std::string ImageVersions() { return absl::StrCat(JpegVersion(), " ", PngVersion(), " ", WebpVersion(), " ", kOurs); }

}  // namespace millrace
