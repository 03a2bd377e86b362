#include "common/image/sniff.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/image/format_decoder.h"

namespace millrace {
namespace {

using absl::string_view;

// Bytes at an offset; a literal with zero bytes needs its length.
struct Magic {
  size_t at;
  string_view bytes;
  string_view is;
  bool image = true;
};

constexpr Magic kOthers[] = {
    {0, "GIF8", "a GIF image"},
    {0, {"II*\0", 4}, "a TIFF image"},
    {0, {"MM\0*", 4}, "a TIFF image"},
    {0, {"II+\0", 4}, "a TIFF image"},
    {0, {"MM\0+", 4}, "a TIFF image"},
    {4, "ftypavif", "an AVIF image"},
    {4, "ftypavis", "an AVIF image"},
    {4, "ftyphei", "a HEIC image"},
    {4, "ftyphev", "a HEIC image"},
    {4, "ftypmif1", "a HEIF image"},
    {4, "ftypmsf1", "a HEIF image"},
    {4, "ftypcrx", "a camera's raw file (CR3)"},
    {4, "JXL ", "a JPEG XL image"},
    {0, {"\xff\x0a", 2}, "a JPEG XL image"},
    {4, "jP  ", "a JPEG 2000 image"},
    {0, "\xff\x4f\xff\x51", "a JPEG 2000 image"},
    {0, "8BPS", "a Photoshop file"},
    {0, "\x8aMNG", "a MNG animation"},
    {0, {"\0\0\1\0", 4}, "an icon file (ICO)"},
    {0, "qoif", "a QOI image"},
    {0, "gimp xcf", "a GIMP file"},
    {0, "FUJIFILM", "a camera's raw file"},
    {0, "DDS ", "a DDS texture"},
    {0, "P1\n", "a PBM image"},
    {0, "P2\n", "a PGM image"},
    {0, "P3\n", "a PPM image"},
    {0, "P4\n", "a PBM image"},
    {0, "P5\n", "a PGM image"},
    {0, "P6\n", "a PPM image"},
    {0, "%PDF", "a PDF document", false},
    {0, "PK\3\4", "a zip file", false},
    {0, "\x1f\x8b", "a gzip file", false},
    {0, "\x28\xb5\x2f\xfd", "a zstd file", false},
    {0, "version https://git-lfs", "a Git LFS pointer: the file itself was not fetched", false},
    {4, "ftyp", "a video", false},
    {0, "RIFF", "a RIFF file (sound or video)", false},
};

struct Known {
  string_view start;
  ImageFormat format;
};
constexpr Known kKnown[] = {
    {"\xff\xd8", ImageFormat::kJpeg},
    {"\x89PNG\r\n\x1a\n", ImageFormat::kPng},
    {"BM", ImageFormat::kBmp},
};

// "RIFF", a length, "WEBP"; or the start of it.
bool MayBeWebp(string_view file) {
  return absl::StartsWith("RIFF", file.substr(0, 4)) &&
         (file.size() <= 8 || absl::StartsWith("WEBP", file.substr(8, 4)));
}

// Files that begin with text: pages of errors that a server sent instead of the image, mostly.
ImageError Text(string_view file) {
  std::string start = absl::AsciiStrToLower(absl::StripLeadingAsciiWhitespace(file.substr(0, 512)));
  if (absl::StartsWith(start, "\xef\xbb\xbf")) start.erase(0, 3);
  if (absl::StrContains(start, "<svg")) return {"decode/format", "it is an SVG drawing"};
  if (absl::StartsWith(start, "<!doctype html") || absl::StrContains(start, "<html") ||
      absl::StrContains(start, "<head") || absl::StrContains(start, "<body")) {
    return {"decode/not_an_image", "it is an HTML page"};
  }
  if (absl::StartsWith(start, "<")) return {"decode/not_an_image", "it is an XML document"};
  if (absl::StartsWith(start, "{") || absl::StartsWith(start, "[")) return {"decode/not_an_image", "it is JSON text"};
  return {"decode/not_an_image", "it is text"};
}

bool LooksLikeText(string_view file) {
  for (char c : file.substr(0, 64)) {
    if (static_cast<unsigned char>(c) < 0x20 && !absl::ascii_isspace(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

ImageError Other(string_view file) {
  for (const Magic& magic : kOthers) {
    if (file.size() < magic.at || !absl::StartsWith(file.substr(magic.at), magic.bytes)) continue;
    if (!magic.image) return {"decode/not_an_image", absl::StrCat("it is ", magic.is)};
    return {"decode/format", absl::StrCat("it is ", magic.is, "; JPEG, PNG, WebP and BMP are read")};
  }
  if (LooksLikeText(file)) return Text(file);
  if (file.find_first_not_of('\0') == string_view::npos) return {"decode/not_an_image", "all its bytes are zero"};
  std::string hex;
  for (char c : file.substr(0, 8))
    absl::StrAppend(&hex, " ", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  return {"decode/not_an_image", absl::StrCat("it starts with the bytes", hex)};
}

}  // namespace

absl::string_view NameOf(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return "JPEG";
    case ImageFormat::kPng:
      return "PNG";
    case ImageFormat::kWebp:
      return "WebP";
    case ImageFormat::kBmp:
      return "BMP";
  }
  return "?";
}

ImageOr<ImageFormat> SniffFormat(absl::string_view file) {
  bool cut = file.empty();
  for (const Known& known : kKnown) {
    if (absl::StartsWith(file, known.start)) return known.format;
    cut = cut || absl::StartsWith(known.start, file);
  }
  if (MayBeWebp(file)) {
    if (file.size() >= 12) return ImageFormat::kWebp;
    cut = true;
  }
  if (!cut) return Other(file);
  return TruncatedAfter(file.size(), 0, 0);
}

}  // namespace millrace
