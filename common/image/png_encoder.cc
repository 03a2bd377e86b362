#include "common/image/png_encoder.h"

#include <png.h>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

constexpr int kDeflateLevel = 1;

// libpng leaves by longjmp; between setjmp and the calls below it there is no object with a destructor.
struct Session {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string message;

  ~Session() { png_destroy_write_struct(&png, &info); }
  bool Encode(const PictureView& picture, std::string& out);
};

void Leave(png_structp png, png_const_charp text) {
  static_cast<Session*>(png_get_error_ptr(png))->message = text;
  png_longjmp(png, 1);
}

void Append(png_structp png, png_bytep bytes, size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), size);
}

bool Session::Encode(const PictureView& picture, std::string& out) {
  png = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, Leave, [](png_structp, png_const_charp) {});
  info = png == nullptr ? nullptr : png_create_info_struct(png);
  if (info == nullptr) return false;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_write_fn(png, &out, Append, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(picture.width), static_cast<png_uint_32>(picture.height), 8,
               picture.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, kDeflateLevel);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_write_info(png, info);
  for (int row = 0; row < picture.height; ++row) png_write_row(png, picture.pixels + picture.row_bytes() * row);
  png_write_end(png, info);
  return true;
}

}  // namespace

std::optional<ImageError> AppendPng(const PictureView& picture, std::string& out) {
  const size_t before = out.size();
  Session session;
  if (session.Encode(picture, out)) return std::nullopt;
  out.resize(before);
  return ImageError{"encode/too_large", absl::StrCat(picture.width, "x", picture.height, " as PNG: ", session.message)};
}

}  // namespace millrace
