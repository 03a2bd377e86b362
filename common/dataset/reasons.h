// Why a row is not in the dataset: the one table of reason words, family/word. The same word is in the dead letter, the
// error text and the metric.
#pragma once

#include "absl/strings/string_view.h"

namespace millrace {

namespace reason {

inline constexpr absl::string_view kCsvRagged = "csv/ragged";
inline constexpr absl::string_view kCsvNul = "csv/nul";
inline constexpr absl::string_view kCsvSeveralLabels = "csv/several_labels";
inline constexpr absl::string_view kCsvLabelLineBreak = "csv/label_line_break";
inline constexpr absl::string_view kCsvEmptyUri = "csv/empty_uri";
inline constexpr absl::string_view kSplitUnknown = "split/unknown";
inline constexpr absl::string_view kSplitDiscard = "split/discard";
inline constexpr absl::string_view kFileNotFound = "file/not_found";
inline constexpr absl::string_view kFilePermission = "file/permission";
inline constexpr absl::string_view kFileIo = "file/io";
inline constexpr absl::string_view kFileRoot = "file/root";
inline constexpr absl::string_view kFileNotRegular = "file/not_regular";
inline constexpr absl::string_view kFileTooLarge = "file/too_large";
inline constexpr absl::string_view kFileScheme = "file/scheme";
inline constexpr absl::string_view kFileEmpty = "file/empty";
inline constexpr absl::string_view kDecodeNotAnImage = "decode/not_an_image";
inline constexpr absl::string_view kDecodeTruncated = "decode/truncated";
inline constexpr absl::string_view kDecodeCorrupt = "decode/corrupt";
inline constexpr absl::string_view kDecodeUnsupported = "decode/unsupported";
inline constexpr absl::string_view kImageTooManyPixels = "image/too_many_pixels";
inline constexpr absl::string_view kImageTooLargeForMemory = "image/too_large_for_memory";

}  // namespace reason

struct Reason {
  absl::string_view word;
  absl::string_view meaning;  // one line, for people
  bool environmental;         // another machine or another time might read the row
};

inline constexpr Reason kReasons[] = {
    {reason::kCsvRagged, "the row has another number of columns than the header", false},
    {reason::kCsvNul, "the row holds a NUL byte", false},
    {reason::kCsvSeveralLabels, "the row has more than one label", false},
    {reason::kCsvLabelLineBreak, "the label holds a line break", false},
    {reason::kCsvEmptyUri, "the image_uri cell is empty", false},
    {reason::kSplitUnknown, "the split is none of TRAIN, VALIDATION, TEST, UNASSIGNED, DISCARD", false},
    {reason::kSplitDiscard, "the row asks to be left out (split DISCARD)", false},
    {reason::kFileNotFound, "no such file", true},
    {reason::kFilePermission, "the worker may not read the file", true},
    {reason::kFileIo, "reading the file failed", true},
    {reason::kFileRoot, "the file is outside the folders that the worker may read (--file-root)", true},
    {reason::kFileNotRegular, "a folder, pipe or device, not a file", false},
    {reason::kFileTooLarge, "the file is larger than what one image may need", false},
    {reason::kFileScheme, "this kind of URI is not supported in this version", false},
    {reason::kFileEmpty, "the file has no bytes", false},
    {reason::kDecodeNotAnImage, "the file does not begin like an image", false},
    {reason::kDecodeTruncated, "the image ends too early", false},
    {reason::kDecodeCorrupt, "the image's data is damaged", false},
    {reason::kDecodeUnsupported, "an image of a kind that cannot be decoded", false},
    {reason::kImageTooManyPixels, "the image has more pixels than --max-pixels", false},
    {reason::kImageTooLargeForMemory, "decoding the image needs more memory than one image may have", false},
};

// The entry of `word`, or nullptr if it is none of ours.
constexpr const Reason* FindReason(absl::string_view word) {
  for (const Reason& entry : kReasons) {
    if (entry.word == word) return &entry;
  }
  return nullptr;
}

constexpr bool IsEnvironmental(absl::string_view word) {
  const Reason* entry = FindReason(word);
  return entry != nullptr && entry->environmental;
}

}  // namespace millrace
