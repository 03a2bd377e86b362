// The words for options of a conversion: the same on the command line, in the manifest and in messages.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace millrace {

template <typename Enum>
struct OptionWord {
  Enum value;
  absl::string_view word;
};

inline constexpr OptionWord<Compression> kCompressionWords[] = {{COMPRESSION_GZIP, "gzip"}, {COMPRESSION_NONE, "none"}};
inline constexpr OptionWord<GzipLevel> kGzipLevelWords[] = {
    {GZIP_LEVEL_FAST, "fast"}, {GZIP_LEVEL_BALANCED, "balanced"}, {GZIP_LEVEL_SMALL, "small"}};
inline constexpr OptionWord<Payload> kPayloadWords[] = {
    {PAYLOAD_RAW_BASE64, "raw_base64"}, {PAYLOAD_RAW, "raw"}, {PAYLOAD_JPEG, "jpeg"}, {PAYLOAD_PNG, "png"}};
inline constexpr OptionWord<ColorMode> kColorWords[] = {{COLOR_KEEP, "keep"}, {COLOR_RGB, "rgb"}};
inline constexpr OptionWord<ExifMode> kExifWords[] = {{EXIF_IGNORE, "ignore"}, {EXIF_APPLY, "apply"}};
inline constexpr OptionWord<ResizeMode> kResizeWords[] = {
    {RESIZE_STRETCH, "stretch"}, {RESIZE_FIT, "fit"}, {RESIZE_CENTER_CROP, "center_crop"}};
inline constexpr OptionWord<Validation> kValidationWords[] = {{VALIDATE_STRUCTURE, "structure"},
                                                              {VALIDATE_DECODE, "decode"}};

inline constexpr OptionWord<InputFormat> kInputFormatWords[] = {{INPUT_AUTO, "auto"},     {INPUT_CSV, "csv"},
                                                                {INPUT_TSV, "tsv"},       {INPUT_JSON_LINES, "jsonl"},
                                                                {INPUT_FOLDER, "folder"}, {INPUT_LIST, "list"}};
inline constexpr OptionWord<ColumnType> kColumnWords[] = {{COLUMN_SPLIT, "split_key"},
                                                          {COLUMN_IMAGE_URI, "image_uri"},
                                                          {COLUMN_STRING_LABEL, "string_label"},
                                                          {COLUMN_INTEGER_LABEL, "integer_label"},
                                                          {COLUMN_INTEGER, "integer"},
                                                          {COLUMN_FLOAT, "float"},
                                                          {COLUMN_STRING, "string"}};

inline int32_t JpegQualityOf(const ConvertSpec& spec) { return spec.jpeg_quality() == 0 ? 95 : spec.jpeg_quality(); }

// The first word stands for a value that has none.
template <typename Enum, size_t N>
constexpr absl::string_view WordOf(const OptionWord<Enum> (&words)[N], Enum value) {
  for (const auto& option : words)
    if (option.value == value) return option.word;
  return words[0].word;
}
template <typename Enum, size_t N>
std::optional<Enum> FindOption(const OptionWord<Enum> (&words)[N], absl::string_view word) {
  for (const auto& option : words)
    if (option.word == word) return option.value;
  return std::nullopt;
}
template <typename Enum, size_t N>
std::vector<std::string> WordsOf(const OptionWord<Enum> (&words)[N]) {
  std::vector<std::string> all;
  for (const auto& option : words) all.emplace_back(option.word);
  return all;
}

}  // namespace millrace
