#include "worker/pipeline/record_encoder.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/io/crc32c.h"
#include "common/record/base64.h"
#include "worker/pipeline/image_text.h"

namespace millrace {

absl::string_view ImageNameOf(absl::string_view uri) {
  const size_t slash = uri.rfind('/');
  return slash == absl::string_view::npos ? uri : uri.substr(slash + 1);
}

absl::Status RecordEncoder::Append(const RowSlot& slot, absl::string_view split, int64_t label) {
  const JpegHeader& header = slot.header;
  shell_.Reset(Base64Size(static_cast<uint64_t>(header.pixel_bytes())), {.image_name = ImageNameOf(slot.row.uri),
                                                                         .height = header.height,
                                                                         .width = header.width,
                                                                         .channels = header.channels,
                                                                         .split = split,
                                                                         .label = label});
  MILLRACE_RETURN_IF_ERROR(out_.Append(shell_.head()));
  ImageText text(out_, shell_.crc_of_head());
  MILLRACE_RETURN_IF_ERROR(AppendImage(slot, text));
  MILLRACE_RETURN_IF_ERROR(text.Finish());
  MILLRACE_RETURN_IF_ERROR(out_.Append(shell_.tail()));
  const uint32_t crc = MaskCrc32c(Crc32c(shell_.tail(), text.crc()));
  return out_.Append(absl::string_view(reinterpret_cast<const char*>(&crc), sizeof crc));
}

absl::Status RecordEncoder::AppendImage(const RowSlot& slot, ImageText& text) {
  if (slot.whole) return text.Append({slot.pixels.data(), static_cast<size_t>(slot.header.pixel_bytes())});
  absl::Status status;
  auto append = [&](absl::Span<const uint8_t> rows) {
    if (status.ok()) status = text.Append(rows);
  };
  ImageOr<JpegHeader> header = decoder_.Open(slot.file_view(), limits_);
  std::optional<ImageError> error;
  if (auto* failed = std::get_if<ImageError>(&header)) error = *failed;
  if (!error.has_value()) error = decoder_.DecodeRows(append);
  if (!error.has_value()) return status;
  return absl::InternalError(
      absl::StrCat("the image decoded once and then not again: ", error->reason, " ", error->detail));
}

}  // namespace millrace
