// ImageDecoder and ImageEncoder for a script: tests/interop compares them with Pillow on many files without converting.
//
//   picture_tool < requests > answers
//
// A request is a line: options (words of the option table below, with commas; "-" for none), a tab, a path. An answer
// is "ok FORMAT WIDTH HEIGHT CHANNELS BYTES\n" and as many bytes (pixels, or the file that they were encoded to), or
// "error REASON DETAIL\n".
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/image/image_decoder.h"
#include "common/image/image_encoder.h"

namespace millrace {
namespace {

struct Request {
  PictureOptions picture;
  bool by_rows = false;
  bool png = false;
  int jpeg_quality = 0;
  int recode_quality = 0;
};

bool SetSize(absl::string_view text, PictureOptions::Fit fit, PictureOptions& options) {
  std::vector<absl::string_view> sides = absl::StrSplit(text, 'x');
  PictureOptions::Resize resize{.fit = fit};
  if (sides.size() != 2 || !absl::SimpleAtoi(sides[0], &resize.width) || !absl::SimpleAtoi(sides[1], &resize.height)) {
    return false;
  }
  options.resize = resize;
  return true;
}

bool SetOption(absl::string_view word, Request& request) {
  PictureOptions& picture = request.picture;
  if (word == "-") return true;
  if (word == "rgb") return picture.color = PictureOptions::Color::kRgb, true;
  if (word == "exif") return picture.exif = PictureOptions::Exif::kApply, true;
  if (word == "rows") return request.by_rows = true;
  if (word == "png") return request.png = true;
  if (absl::ConsumePrefix(&word, "recode")) return absl::SimpleAtoi(word, &request.recode_quality);
  if (absl::ConsumePrefix(&word, "jpeg")) return absl::SimpleAtoi(word, &request.jpeg_quality);
  if (absl::ConsumePrefix(&word, "stretch")) return SetSize(word, PictureOptions::Fit::kStretch, picture);
  if (absl::ConsumePrefix(&word, "fit")) return SetSize(word, PictureOptions::Fit::kInside, picture);
  if (absl::ConsumePrefix(&word, "crop")) return SetSize(word, PictureOptions::Fit::kCenterCrop, picture);
  return false;
}

class Tool {
 public:
  void Answer(absl::string_view line) {
    std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits('\t', 1));
    Request request;
    bool good = parts.size() == 2;
    if (good) {
      for (absl::string_view word : absl::StrSplit(parts[0], ',')) good = good && SetOption(word, request);
    }
    if (!good) return Fail({"request", std::string(line)});
    std::ifstream stream(std::string(parts[1]), std::ios::binary);
    const std::string file((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    ImageOr<ImageHeader> header = decoder_.Open(file, request.picture, {});
    if (auto* error = std::get_if<ImageError>(&header)) return Fail(*error);
    Decode(request, std::get<ImageHeader>(header));
  }

 private:
  static void Fail(const ImageError& error) { std::cout << "error " << error.reason << " " << error.detail << "\n"; }

  void Decode(const Request& request, const ImageHeader& header) {
    std::string bytes;
    std::optional<ImageError> error;
    if (request.recode_quality > 0) {
      if (!header.recodes) return Fail({"request", "it does not recode"});
      error = decoder_.RecodeJpeg(request.recode_quality, bytes);
    } else if (request.by_rows && header.by_rows) {
      error = decoder_.DecodeRows([&](absl::Span<const uint8_t> rows) { bytes.append(rows.begin(), rows.end()); });
    } else {
      bytes.resize(static_cast<size_t>(header.pixel_bytes()));
      error = decoder_.Decode(reinterpret_cast<uint8_t*>(bytes.data()));
    }
    if (!error.has_value()) error = Encode(request, header, bytes);
    if (error.has_value()) return Fail(*error);
    std::cout << absl::StrCat("ok ", NameOf(header.format), " ", header.width, " ", header.height, " ", header.channels,
                              " ", bytes.size(), "\n")
              << bytes;
  }

  std::optional<ImageError> Encode(const Request& request, const ImageHeader& header, std::string& bytes) {
    if (!request.png && request.jpeg_quality == 0) return std::nullopt;
    const std::string pixels = std::move(bytes);
    bytes.clear();
    const PictureView view{reinterpret_cast<const uint8_t*>(pixels.data()), header.width, header.height,
                           header.channels};
    if (request.png) return encoder_.AppendPng(view, bytes);
    return encoder_.AppendJpeg(view, request.jpeg_quality, bytes);
  }

  ImageDecoder decoder_;
  ImageEncoder encoder_;
};

}  // namespace
}  // namespace millrace

int main() {
  millrace::Tool tool;
  for (std::string line; std::getline(std::cin, line);) tool.Answer(line);
  return 0;
}
