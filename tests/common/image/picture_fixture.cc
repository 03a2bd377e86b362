#include "tests/common/image/picture_fixture.h"

#include <webp/encode.h>
#include <zlib.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace millrace {

Pixels::Pixels(int width_of, int height_of, int channels_of, int seed)
    : width(width_of), height(height_of), channels(channels_of) {
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const int noise = (x * 31 + y * 17 + seed * 7 + c * 5) % 13;
        bytes.push_back(static_cast<uint8_t>((x * (c + 2) + y * (5 - c) + seed * 40) % 240 + noise));
      }
    }
  }
}

std::string LittleEndian(uint64_t value, int size) {
  std::string text;
  for (int k = 0; k < size; ++k) text.push_back(static_cast<char>(value >> (8 * k)));
  return text;
}

std::string BigEndian(uint64_t value, int size) {
  std::string text = LittleEndian(value, size);
  std::reverse(text.begin(), text.end());
  return text;
}

std::string PngChunk(absl::string_view name, absl::string_view body) {
  const std::string checked = absl::StrCat(name, body);
  const uLong crc = crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
  return absl::StrCat(BigEndian(body.size(), 4), checked, BigEndian(crc, 4));
}

std::string RiffChunk(absl::string_view name, absl::string_view body) {
  return absl::StrCat(name, LittleEndian(body.size(), 4), body, std::string(body.size() % 2, '\0'));
}

std::string MakePng(const Pixels& pixels) {
  std::string file;
  ImageEncoder().AppendPng(pixels.view(), file);
  return file;
}

std::string MakeWebp(const Pixels& pixels, bool lossless) {
  uint8_t* bytes = nullptr;
  const int stride = pixels.width * 3;
  const size_t size = lossless ? WebPEncodeLosslessRGB(pixels.bytes.data(), pixels.width, pixels.height, stride, &bytes)
                               : WebPEncodeRGB(pixels.bytes.data(), pixels.width, pixels.height, stride, 80, &bytes);
  std::string file(reinterpret_cast<char*>(bytes), size);
  WebPFree(bytes);
  return file;
}

std::string MakeBmp(const Pixels& pixels) {
  const int stride = (pixels.width * 3 + 3) / 4 * 4;
  std::string rows;
  for (int y = pixels.height - 1; y >= 0; --y) {
    for (int x = 0; x < pixels.width; ++x) {
      const uint8_t* rgb = pixels.bytes.data() + (ptrdiff_t{y} * pixels.width + x) * 3;
      for (int c = 2; c >= 0; --c) rows.push_back(static_cast<char>(rgb[c]));
    }
    rows.append(static_cast<size_t>(stride - pixels.width * 3), '\0');
  }
  const std::string info = absl::StrCat(LittleEndian(40, 4), LittleEndian(static_cast<uint64_t>(pixels.width), 4),
                                        LittleEndian(static_cast<uint64_t>(pixels.height), 4), LittleEndian(1, 2),
                                        LittleEndian(24, 2), std::string(24, '\0'));
  return absl::StrCat("BM", LittleEndian(54 + rows.size(), 4), std::string(4, '\0'), LittleEndian(54, 4), info, rows);
}

std::string MakeFile(ImageFormat format, const Pixels& pixels) {
  if (format == ImageFormat::kPng) return MakePng(pixels);
  if (format == ImageFormat::kWebp) return MakeWebp(pixels);
  if (format == ImageFormat::kBmp) return MakeBmp(pixels);
  std::string file;
  ImageEncoder().AppendJpeg(pixels.view(), 90, file);
  return file;
}

std::string MakeExif(int orientation, bool big_endian) {
  auto number = [&](uint64_t value, int size) {
    return big_endian ? BigEndian(value, size) : LittleEndian(value, size);
  };
  auto entry = [&](uint64_t tag, uint64_t value) {
    return absl::StrCat(number(tag, 2), number(3, 2), number(1, 4), number(value, 2), std::string(2, '\0'));
  };
  return absl::StrCat(big_endian ? "MM" : "II", number(42, 2), number(8, 4), number(2, 2), entry(0x0101, 7),
                      entry(0x0112, static_cast<uint64_t>(orientation)), number(0, 4));
}

std::string WithExif(ImageFormat format, const std::string& file, const std::string& exif) {
  const std::string prefixed = absl::StrCat(absl::string_view("Exif\0\0", 6), exif);
  switch (format) {
    case ImageFormat::kJpeg:
      return absl::StrCat(file.substr(0, 2), "\xff\xe1", BigEndian(prefixed.size() + 2, 2), prefixed, file.substr(2));
    case ImageFormat::kPng:  // behind the header chunk
      return absl::StrCat(file.substr(0, 33), PngChunk("eXIf", exif), file.substr(33));
    case ImageFormat::kWebp: {  // behind the image; the new size is in the header
      const std::string body = absl::StrCat(file.substr(8), RiffChunk("EXIF", exif));
      return absl::StrCat("RIFF", LittleEndian(body.size(), 4), body);
    }
    case ImageFormat::kBmp:
      break;
  }
  return file;
}

}  // namespace millrace
