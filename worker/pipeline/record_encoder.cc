#include "worker/pipeline/record_encoder.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/io/crc32c.h"
#include "common/net/http_uri.h"
#include "common/record/base64.h"
#include "worker/pipeline/image_text.h"

namespace millrace {

namespace {

uint64_t ImageSize(const RowSlot& slot, Payload payload) {
  if (slot.content == RowSlot::Content::kFile) return static_cast<uint64_t>(slot.file_bytes);
  if (slot.content == RowSlot::Content::kEncoded) return slot.encoded.size();
  const auto pixels = static_cast<uint64_t>(slot.header.pixel_bytes());
  return payload == PAYLOAD_RAW ? pixels : Base64Size(pixels);
}

}  // namespace

absl::string_view ImageNameOf(absl::string_view uri) {
  if (IsHttpUri(uri)) uri = uri.substr(0, uri.find_first_of("?#"));  // signatures and tokens stand behind it
  const size_t slash = uri.rfind('/');
  return slash == absl::string_view::npos ? uri : uri.substr(slash + 1);
}

absl::Status RecordEncoder::Append(const RowSlot& slot, absl::string_view split, const RecordLabel& label) {
  const ImageHeader& header = slot.header;
  ExampleFields fields{.image_name = ImageNameOf(slot.row.uri),
                       .height = header.height,
                       .width = header.width,
                       .channels = header.channels,
                       .split = split,
                       .label = label.ids.empty() ? -1 : label.ids.front(),
                       .label_name = label.feature,
                       .more = slot.row.features};
  if (label.list) fields.labels = absl::MakeConstSpan(label.ids);
  shell_.Reset(ImageSize(slot, wishes_.payload), fields);
  MILLRACE_RETURN_IF_ERROR(out_.Append(shell_.head()));
  MILLRACE_ASSIGN_OR_RETURN(uint32_t crc, AppendImage(slot, shell_.crc_of_head()));
  MILLRACE_RETURN_IF_ERROR(out_.Append(shell_.tail()));
  crc = MaskCrc32c(Crc32c(shell_.tail(), crc));
  return out_.Append(absl::string_view(reinterpret_cast<const char*>(&crc), sizeof crc));
}

absl::StatusOr<uint32_t> RecordEncoder::AppendImage(const RowSlot& slot, uint32_t crc) {
  if (slot.content == RowSlot::Content::kFile) return AppendFile(slot.file_view(), crc);
  if (slot.content == RowSlot::Content::kEncoded) return AppendFile(slot.encoded, crc);
  return wishes_.payload == PAYLOAD_RAW ? AppendRaw(slot, crc) : AppendText(slot, crc);
}

absl::StatusOr<uint32_t> RecordEncoder::AppendFile(absl::string_view file, uint32_t crc) {
  MILLRACE_RETURN_IF_ERROR(out_.Append(file));
  return Crc32c(file, crc);
}

absl::StatusOr<uint32_t> RecordEncoder::AppendText(const RowSlot& slot, uint32_t crc) {
  const auto row = static_cast<uint64_t>(slot.header.row_bytes());
  out_.BeginImage(row % 3 == 0 ? static_cast<int64_t>(Base64Size(row)) : 0,
                  static_cast<int64_t>(ImageSize(slot, PAYLOAD_RAW_BASE64)));
  ImageText text(out_, crc);
  MILLRACE_RETURN_IF_ERROR(ForEachPiece(slot, [&](absl::Span<const uint8_t> pixels) { return text.Append(pixels); }));
  MILLRACE_RETURN_IF_ERROR(text.Finish());
  return text.crc();
}

absl::StatusOr<uint32_t> RecordEncoder::AppendRaw(const RowSlot& slot, uint32_t crc) {
  out_.BeginImage(slot.header.row_bytes(), slot.header.pixel_bytes());
  MILLRACE_RETURN_IF_ERROR(ForEachPiece(slot, [&](absl::Span<const uint8_t> pixels) {
    const absl::string_view bytes(reinterpret_cast<const char*>(pixels.data()), pixels.size());
    crc = Crc32c(bytes, crc);
    return out_.Append(bytes);
  }));
  return crc;
}

// The pixels, whole or strip by strip.
absl::Status RecordEncoder::ForEachPiece(const RowSlot& slot, const PieceSink& append) {
  if (slot.content == RowSlot::Content::kPixels)
    return append({slot.pixels.data(), static_cast<size_t>(slot.header.pixel_bytes())});
  absl::Status status;
  ImageOr<ImageHeader> header = decoder_.Open(slot.file_view(), wishes_.picture, wishes_.limits);
  std::optional<ImageError> error;
  if (auto* failed = std::get_if<ImageError>(&header)) error = *failed;
  if (!error.has_value())
    error = decoder_.DecodeRows([&](absl::Span<const uint8_t> rows) {
      if (status.ok()) status = append(rows);
    });
  if (!error.has_value()) return status;
  return absl::InternalError(
      absl::StrCat("the image decoded once and then not again: ", error->reason, " ", error->detail));
}

}  // namespace millrace
