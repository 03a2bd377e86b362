#include "common/dataset/sample_decoder.h"

#include <cstring>
#include <limits>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/image/image_decoder.h"
#include "common/image/jpeg_structure.h"
#include "common/record/base64.h"

namespace millrace {
namespace {

constexpr ImageLimits kLimits = {.max_pixels = SampleDecoder::kMaxPixels,
                                 .max_memory_bytes = std::numeric_limits<int64_t>::max()};

bool IsOfImage(absl::string_view name) {
  return name == "image" || name == "image_name" || name == "image_height" || name == "image_width" ||
         name == "image_channels";
}

std::string SizeText(int64_t width, int64_t height, int64_t channels) {
  return absl::StrCat(width, "x", height, "x", channels);
}

absl::Status CheckShape(const Sample& sample) {
  constexpr int64_t kMostRows = 1 << 20;
  const bool sane = sample.height > 0 && sample.width > 0 && sample.height < kMostRows && sample.width < kMostRows &&
                    sample.height * sample.width <= SampleDecoder::kMaxPixels &&
                    (sample.channels == 1 || sample.channels == 3);
  if (sane) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("not an image size: ", SizeText(sample.width, sample.height, sample.channels)));
}

absl::Status CheckPixelBytes(size_t found, const Sample& sample) {
  const int64_t needed = sample.height * sample.width * sample.channels;
  if (static_cast<int64_t>(found) == needed) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("feature 'image' has ", WithThousands(static_cast<int64_t>(found)),
                                          " bytes, ", SizeText(sample.width, sample.height, sample.channels), " needs ",
                                          WithThousands(needed)));
}

absl::Status CheckPicture(absl::string_view kind, int64_t width, int64_t height, int64_t channels,
                          const Sample& sample) {
  if (width == sample.width && height == sample.height && channels == sample.channels) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("feature 'image' is a ", kind, " of ", SizeText(width, height, channels),
                                          ", the record says ",
                                          SizeText(sample.width, sample.height, sample.channels)));
}

absl::Status Damage(absl::string_view kind, const ImageError& error) {
  return absl::DataLossError(absl::StrCat("feature 'image' is not a whole ", kind, ": ", error.reason,
                                          error.detail.empty() ? "" : ": ", error.detail));
}

ExtraFeature ExtraOf(const FeatureView& view) {
  ExtraFeature feature;
  feature.name = std::string(view.name);
  if (view.kind == FeatureKind::kFloat) feature.values = FloatsOf(view);
  if (view.kind == FeatureKind::kInt64) feature.values = IntsOf(view);
  if (view.kind == FeatureKind::kBytes) {
    std::vector<std::string> values;
    for (const absl::string_view value : BytesOf(view)) values.emplace_back(value);
    feature.values = std::move(values);
  }
  return feature;
}

}  // namespace

struct SampleDecoder::Images {
  ImageDecoder decoder;
};

SampleDecoder::SampleDecoder(Payload payload, DecodeDepth depth)
    : payload_(payload), depth_(depth), images_(std::make_unique<Images>()) {}

SampleDecoder::~SampleDecoder() = default;

absl::Status SampleDecoder::Decode(absl::string_view record, Sample& sample) {
  MILLRACE_RETURN_IF_ERROR(example_.Parse(record));
  MILLRACE_ASSIGN_OR_RETURN(const absl::string_view image, example_.Bytes("image"));
  MILLRACE_RETURN_IF_ERROR(ReadFields(sample));
  MILLRACE_RETURN_IF_ERROR(CheckShape(sample));
  if (payload_ == PAYLOAD_RAW_BASE64) return DecodeText(image, sample);
  if (payload_ != PAYLOAD_RAW) return DecodeFile(image, sample);
  MILLRACE_RETURN_IF_ERROR(CheckPixelBytes(image.size(), sample));
  sample.pixels.Resize(image.size());
  std::memcpy(sample.pixels.data(), image.data(), image.size());
  return absl::OkStatus();
}

// A record has a label and a split as TFRecorder writes them, or other features of these names, or none.
absl::Status SampleDecoder::ReadFields(Sample& sample) {
  MILLRACE_ASSIGN_OR_RETURN(sample.height, example_.Int("image_height"));
  MILLRACE_ASSIGN_OR_RETURN(sample.width, example_.Int("image_width"));
  MILLRACE_ASSIGN_OR_RETURN(sample.channels, example_.Int("image_channels"));
  MILLRACE_ASSIGN_OR_RETURN(const absl::string_view name, example_.Bytes("image_name"));
  sample.image_name.assign(name.data(), name.size());
  const absl::StatusOr<int64_t> label = example_.Int("label");
  const absl::StatusOr<absl::string_view> split = example_.Bytes("split");
  sample.label = label.ok() ? std::make_optional(*label) : std::nullopt;
  sample.split = split.ok() ? std::string(*split) : "";
  sample.extra.clear();
  for (const FeatureView& feature : example_.features()) {
    const bool known =
        IsOfImage(feature.name) || (feature.name == "label" && label.ok()) || (feature.name == "split" && split.ok());
    if (!known) sample.extra.push_back(ExtraOf(feature));
  }
  return absl::OkStatus();
}

absl::Status SampleDecoder::DecodeText(absl::string_view text, Sample& sample) {
  const size_t size = Base64DecodedSize(text);
  sample.pixels.Resize(size);
  if (!Base64UrlDecode(text, sample.pixels.data())) return absl::DataLossError("feature 'image' is not base64url text");
  return CheckPixelBytes(size, sample);
}

absl::Status SampleDecoder::DecodeFile(absl::string_view file, Sample& sample) {
  const absl::string_view kind = payload_ == PAYLOAD_JPEG ? "JPEG" : "PNG";
  sample.pixels.Resize(0);
  if (payload_ == PAYLOAD_JPEG && depth_ == DecodeDepth::kStructure) {
    const ImageOr<JpegStructure> structure = CheckJpegStructure(file, kLimits);
    if (const auto* error = std::get_if<ImageError>(&structure)) return Damage(kind, *error);
    const auto& found = std::get<JpegStructure>(structure);
    return CheckPicture(kind, found.width, found.height, found.channels, sample);
  }
  const ImageOr<ImageHeader> header = images_->decoder.Open(file, {}, kLimits);
  if (const auto* error = std::get_if<ImageError>(&header)) return Damage(kind, *error);
  const auto& found = std::get<ImageHeader>(header);
  const bool jpeg = found.format == ImageFormat::kJpeg;
  if (jpeg != (payload_ == PAYLOAD_JPEG) || (!jpeg && found.format != ImageFormat::kPng))
    return absl::DataLossError(absl::StrCat("feature 'image' is a ", NameOf(found.format), ", not a ", kind));
  MILLRACE_RETURN_IF_ERROR(CheckPicture(kind, found.width, found.height, found.channels, sample));
  if (depth_ == DecodeDepth::kStructure) return absl::OkStatus();
  sample.pixels.Resize(static_cast<size_t>(found.pixel_bytes()));
  if (const auto error = images_->decoder.Decode(sample.pixels.data())) return Damage(kind, *error);
  return absl::OkStatus();
}

}  // namespace millrace
