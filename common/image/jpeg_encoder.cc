#include "common/image/jpeg_encoder.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>

// jpeglib.h needs size_t and FILE declared before it.
#include <jpeglib.h>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

constexpr int kStripRows = 16;
constexpr size_t kOutputBlock = 64 << 10;

}  // namespace

// One libjpeg object for all images: jpeg_set_defaults sets everything that one could have left behind.
//
// libjpeg leaves by longjmp; between setjmp and the calls below it there is no object with a destructor.
struct JpegEncoder::Session {
  jpeg_error_mgr errors;
  jmp_buf jump;
  jpeg_compress_struct cinfo;
  jpeg_destination_mgr destination;
  std::string* out = nullptr;
  uint8_t block[kOutputBlock];

  Session();
  ~Session() { jpeg_destroy_compress(&cinfo); }
  bool Encode(const PictureView& picture, int quality);
  bool EncodePlanes(const PlanarPicture& picture, int quality);
  template <typename Picture>
  void Describe(const Picture& picture, J_COLOR_SPACE color, int quality);
  void Flush(size_t bytes);
  static Session* Of(j_compress_ptr info) { return static_cast<Session*>(info->client_data); }
};

JpegEncoder::Session::Session() {
  cinfo.err = jpeg_std_error(&errors);
  errors.error_exit = [](j_common_ptr info) { longjmp(static_cast<Session*>(info->client_data)->jump, 1); };
  errors.emit_message = [](j_common_ptr, int) {};
  jpeg_create_compress(&cinfo);
  cinfo.client_data = this;
  destination.init_destination = [](j_compress_ptr info) { Of(info)->Flush(0); };
  destination.empty_output_buffer = [](j_compress_ptr info) -> boolean {
    Of(info)->Flush(kOutputBlock);
    return TRUE;
  };
  destination.term_destination = [](j_compress_ptr info) {
    Of(info)->Flush(kOutputBlock - Of(info)->destination.free_in_buffer);
  };
  cinfo.dest = &destination;
}

void JpegEncoder::Session::Flush(size_t bytes) {
  out->append(reinterpret_cast<const char*>(block), bytes);
  destination.next_output_byte = block;
  destination.free_in_buffer = kOutputBlock;
}

// Called behind a setjmp.
template <typename Picture>
void JpegEncoder::Session::Describe(const Picture& picture, J_COLOR_SPACE color, int quality) {
  cinfo.image_width = static_cast<JDIMENSION>(picture.width);
  cinfo.image_height = static_cast<JDIMENSION>(picture.height);
  cinfo.input_components = picture.channels;
  cinfo.in_color_space = picture.channels == 1 ? JCS_GRAYSCALE : color;
  jpeg_set_defaults(&cinfo);
  jpeg_set_quality(&cinfo, quality, TRUE);
}

bool JpegEncoder::Session::Encode(const PictureView& picture, int quality) {
  if (setjmp(jump) != 0) {
    jpeg_abort_compress(&cinfo);
    return false;
  }
  Describe(picture, JCS_RGB, quality);
  jpeg_start_compress(&cinfo, TRUE);
  const size_t stride = static_cast<size_t>(picture.row_bytes());
  while (cinfo.next_scanline < cinfo.image_height) {
    JSAMPROW rows[kStripRows];
    const JDIMENSION ask = std::min<JDIMENSION>(kStripRows, cinfo.image_height - cinfo.next_scanline);
    for (JDIMENSION k = 0; k < ask; ++k) {
      rows[k] = const_cast<JSAMPROW>(picture.pixels + stride * (cinfo.next_scanline + k));
    }
    jpeg_write_scanlines(&cinfo, rows, ask);
  }
  jpeg_finish_compress(&cinfo);
  return true;
}

JpegEncoder::JpegEncoder() : session_(std::make_unique<Session>()) {}
JpegEncoder::~JpegEncoder() = default;

bool JpegEncoder::Session::EncodePlanes(const PlanarPicture& picture, int quality) {
  if (setjmp(jump) != 0) {
    jpeg_abort_compress(&cinfo);
    return false;
  }
  Describe(picture, JCS_YCbCr, quality);
  cinfo.raw_data_in = TRUE;
  jpeg_start_compress(&cinfo, TRUE);
  const JDIMENSION lines = static_cast<JDIMENSION>(cinfo.max_v_samp_factor * DCTSIZE);
  while (cinfo.next_scanline < cinfo.image_height) {
    JSAMPROW rows[3][2 * DCTSIZE];
    JSAMPARRAY planes[3] = {rows[0], rows[1], rows[2]};
    for (int i = 0; i < picture.channels; ++i) {
      const JDIMENSION fewer = i == 0 ? 1 : static_cast<JDIMENSION>(cinfo.max_v_samp_factor);
      const size_t first = cinfo.next_scanline / fewer;
      for (JDIMENSION k = 0; k < lines / fewer; ++k) {
        rows[i][k] = const_cast<JSAMPROW>(picture.planes[i] + picture.strides[i] * (first + k));
      }
    }
    jpeg_write_raw_data(&cinfo, planes, lines);
  }
  jpeg_finish_compress(&cinfo);
  return true;
}

std::optional<ImageError> JpegEncoder::Append(const PictureView& picture, int quality, std::string& out) {
  const size_t before = out.size();
  session_->out = &out;
  return End(session_->Encode(picture, quality), before, out);
}

std::optional<ImageError> JpegEncoder::AppendPlanes(const PlanarPicture& picture, int quality, std::string& out) {
  const size_t before = out.size();
  session_->out = &out;
  return End(session_->EncodePlanes(picture, quality), before, out);
}

std::optional<ImageError> JpegEncoder::End(bool good, size_t before, std::string& out) {
  if (good) return std::nullopt;
  out.resize(before);
  char text[JMSG_LENGTH_MAX];
  const jpeg_compress_struct& cinfo = session_->cinfo;
  session_->errors.format_message(reinterpret_cast<j_common_ptr>(&session_->cinfo), text);
  return ImageError{"encode/too_large", absl::StrCat(cinfo.image_width, "x", cinfo.image_height, " as JPEG: ", text)};
}

}  // namespace millrace
