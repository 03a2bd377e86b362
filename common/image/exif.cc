#include "common/image/exif.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace millrace {
namespace {

using absl::string_view;

constexpr string_view kPrefix("Exif\0\0", 6);
constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShort = 3, kLong = 4;

// Unsigned numbers of 2 or 4 bytes; 0 where the bytes are not there.
class Numbers {
 public:
  Numbers(string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  uint32_t At(size_t offset, size_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return 0;
    uint32_t value = 0;
    for (size_t k = 0; k < size; ++k) {
      const size_t from = big_endian_ ? k : size - 1 - k;
      value = value << 8 | static_cast<uint8_t>(bytes_[offset + from]);
    }
    return value;
  }

 private:
  const string_view bytes_;
  const bool big_endian_;
};

string_view FindInJpeg(string_view file) {
  const Numbers numbers(file, true);
  for (size_t at = 2; at + 4 <= file.size() && file[at] == '\xff';) {
    const uint32_t marker = numbers.At(at + 1, 1);
    if (marker == 0xff) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0xda || marker == 0xd9) break;
    const uint32_t length = numbers.At(at + 2, 2);
    if (length < 2) break;
    string_view body = file.substr(at + 4, length - 2);
    if (marker == 0xe1 && absl::ConsumePrefix(&body, kPrefix)) return body;
    at += 2 + length;
  }
  return {};
}

string_view FindInPng(string_view file) {
  const Numbers numbers(file, true);
  for (size_t at = 8; at + 8 <= file.size();) {
    const size_t length = numbers.At(at, 4);
    const string_view kind = file.substr(at + 4, 4);
    if (kind == "eXIf") return file.substr(at + 8, length);
    if (kind == "IEND") break;
    at += 12 + length;
  }
  return {};
}

string_view FindInWebp(string_view file) {
  const Numbers numbers(file, false);
  for (size_t at = 12; at + 8 <= file.size();) {
    const size_t length = numbers.At(at + 4, 4);
    string_view body = file.substr(at + 8, length);
    if (file.substr(at, 4) == "EXIF") {
      absl::ConsumePrefix(&body, kPrefix);  // not by the standard, but some writers do
      return body;
    }
    at += 8 + length + length % 2;
  }
  return {};
}

}  // namespace

int ExifOrientation(string_view tiff) {
  const bool big_endian = absl::StartsWith(tiff, "MM");
  if (!big_endian && !absl::StartsWith(tiff, "II")) return 1;
  const Numbers numbers(tiff, big_endian);
  if (numbers.At(2, 2) != 42) return 1;
  const size_t directory = numbers.At(4, 4);
  const uint32_t entries = numbers.At(directory, 2);
  for (uint32_t k = 0; k < entries; ++k) {
    const size_t entry = directory + 2 + size_t{k} * 12;
    if (entry + 12 > tiff.size()) break;
    if (numbers.At(entry, 2) != kOrientationTag) continue;
    const uint32_t type = numbers.At(entry + 2, 2);
    if (numbers.At(entry + 4, 4) != 1 || (type != kShort && type != kLong)) return 1;
    const uint32_t value = numbers.At(entry + 8, type == kShort ? 2 : 4);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

string_view FindExif(ImageFormat format, string_view file) {
  switch (format) {
    case ImageFormat::kJpeg:
      return FindInJpeg(file);
    case ImageFormat::kPng:
      return FindInPng(file);
    case ImageFormat::kWebp:
      return FindInWebp(file);
    case ImageFormat::kBmp:
      break;
  }
  return {};
}

}  // namespace millrace
