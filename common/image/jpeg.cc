#include "common/image/jpeg.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <vector>

// jpeglib.h needs size_t and FILE declared before it.
#include <jerror.h>
#include <jpeglib.h>

#include "absl/strings/str_cat.h"
#include "common/image/cmyk.h"

#define MILLRACE_STRING_INNER(x) #x
#define MILLRACE_STRING(x) MILLRACE_STRING_INNER(x)

namespace millrace {
namespace {

constexpr int kStripRows = 16;  // one MCU row of the usual 4:2:0
// What libjpeg allocates a row of MCUs for sampling, context rows and colour conversion, generously: rows of full
// width.
constexpr int64_t kDecoderRows = 64;
constexpr int64_t kDecoderBase = int64_t{512} << 10;

// One libjpeg object for one image. It is not reused: Huffman and quantisation tables would survive into the next
// image, and a file that lacks its own would decode differently after different neighbours.
//
// libjpeg leaves by longjmp. Between a setjmp and the calls below it there is no object with a destructor.
class Session {
 public:
  Session(absl::string_view file, const ImageLimits& limits) : file_(file), max_scans_(limits.max_scans) {
    cinfo_.err = jpeg_std_error(&handler_.manager);
    handler_.session = this;
    handler_.manager.error_exit = [](j_common_ptr info) { Of(info)->Leave(); };
    // Warnings (level -1) are corrupt data that libjpeg papers over; traces (0 and above) mean nothing.
    handler_.manager.emit_message = [](j_common_ptr info, int level) {
      if (level < 0) Of(info)->Leave();
    };
    progress_.progress_monitor = [](j_common_ptr info) { Of(info)->CountScans(); };
  }
  ~Session() {
    if (created_) jpeg_destroy_decompress(&cinfo_);
  }
  Session(const Session&) = delete;

  // Up to the first scan. False: error() has the reason.
  bool Start() {
    if (setjmp(handler_.jump) != 0) return false;
    jpeg_create_decompress(&cinfo_);
    created_ = true;
    cinfo_.progress = &progress_;
    jpeg_mem_src(&cinfo_, reinterpret_cast<const unsigned char*>(file_.data()), file_.size());
    jpeg_read_header(&cinfo_, TRUE);
    return true;
  }

  bool StartDecoding(int64_t max_memory_bytes, bool planes = false) {
    if (setjmp(handler_.jump) != 0) return false;
    cinfo_.raw_data_out = planes ? TRUE : FALSE;
    cinfo_.out_color_space = planes ? cinfo_.jpeg_color_space : OutputSpace();
    cinfo_.dct_method = JDCT_ISLOW;
    cinfo_.do_fancy_upsampling = TRUE;
    cinfo_.mem->max_memory_to_use = static_cast<long>(max_memory_bytes);  // a second line: coefficients above it fail
    jpeg_start_decompress(&cinfo_);
    return true;
  }

  // Decodes the next `rows` rows to `out`, `stride` bytes apart.
  bool ReadRows(uint8_t* out, size_t stride, int rows) {
    if (setjmp(handler_.jump) != 0) return false;
    rows_read_ = 0;
    while (rows_read_ < rows) {
      JSAMPROW pointers[kStripRows];
      const int ask = std::min(rows - rows_read_, kStripRows);
      for (int k = 0; k < ask; ++k) pointers[k] = out + stride * static_cast<size_t>(rows_read_ + k);
      const int got = static_cast<int>(jpeg_read_scanlines(&cinfo_, pointers, static_cast<JDIMENSION>(ask)));
      rows_read_ += got;
    }
    return true;
  }

  // The next row of MCUs, each component to its own rows.
  bool ReadPlanes(JSAMPARRAY* planes, JDIMENSION rows) {
    if (setjmp(handler_.jump) != 0) return false;
    jpeg_read_raw_data(&cinfo_, planes, rows);
    return true;
  }

  bool Finish() {
    if (setjmp(handler_.jump) != 0) return false;
    jpeg_finish_decompress(&cinfo_);  // reads on to the end marker: a file without one is truncated
    return true;
  }

  jpeg_decompress_struct& cinfo() { return cinfo_; }
  bool cmyk() const { return cinfo_.num_components == 4; }

  ImageError Error() const {
    const int code = handler_.manager.msg_code;
    if (too_many_scans_) return {"decode/unsupported", absl::StrCat("more than ", max_scans_, " scans")};
    if (code == JWRN_JPEG_EOF || code == JERR_INPUT_EOF || code == JERR_INPUT_EMPTY) {
      return TruncatedAfter(file_.size(), cinfo_.output_scanline, cinfo_.image_height);
    }
    return {ReasonOf(code), MessageText()};
  }

 private:
  struct Handler {
    jpeg_error_mgr manager;  // first: libjpeg's pointer to it is a pointer to this
    jmp_buf jump;
    Session* session;
  };

  static Session* Of(j_common_ptr info) { return reinterpret_cast<Handler*>(info->err)->session; }
  [[noreturn]] void Leave() { longjmp(handler_.jump, 1); }

  void CountScans() {
    if (cinfo_.input_scan_number <= max_scans_) return;
    too_many_scans_ = true;
    Leave();
  }

  J_COLOR_SPACE OutputSpace() const {
    if (cinfo_.num_components == 1) return JCS_GRAYSCALE;
    return cmyk() ? JCS_CMYK : JCS_RGB;
  }

  static absl::string_view ReasonOf(int code) {
    switch (code) {
      case JERR_NO_SOI:
        return "decode/not_an_image";
      case JERR_IMAGE_TOO_BIG:
        return "image/too_many_pixels";
      case JERR_OUT_OF_MEMORY:
      case JERR_NO_BACKING_STORE:
        return "image/too_large_for_memory";
      case JERR_SOF_UNSUPPORTED:
      case JERR_BAD_PRECISION:
      case JERR_CONVERSION_NOTIMPL:
      case JERR_ARITH_NOTIMPL:
      case JERR_CCIR601_NOTIMPL:
      case JERR_FRACT_SAMPLE_NOTIMPL:
      case JERR_NOTIMPL:
        return "decode/unsupported";
      default:
        return "decode/corrupt";
    }
  }

  std::string MessageText() const {
    char text[JMSG_LENGTH_MAX];
    auto* info = reinterpret_cast<j_common_ptr>(const_cast<jpeg_decompress_struct*>(&cinfo_));
    handler_.manager.format_message(info, text);
    return text;
  }

  const absl::string_view file_;
  const int max_scans_;
  Handler handler_ = {};
  jpeg_decompress_struct cinfo_ = {};
  jpeg_progress_mgr progress_ = {};
  bool created_ = false;
  bool too_many_scans_ = false;
  int rows_read_ = 0;  // a member: a local would be clobbered by longjmp
};

int64_t RoundUp(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

int64_t DecoderBytes(jpeg_decompress_struct& cinfo) {
  const int64_t row = RoundUp(cinfo.image_width, 64) * cinfo.num_components;
  int64_t bytes = kDecoderBase + row * kDecoderRows;
  if (!jpeg_has_multiple_scans(&cinfo)) return bytes;
  for (int i = 0; i < cinfo.num_components; ++i) {
    const jpeg_component_info& component = cinfo.comp_info[i];
    bytes += RoundUp(component.width_in_blocks, component.h_samp_factor) *
             RoundUp(component.height_in_blocks, component.v_samp_factor) * int64_t{sizeof(JBLOCK)};
  }
  return bytes;
}

StoredHeader HeaderOf(jpeg_decompress_struct& cinfo) {
  StoredHeader header;
  header.width = static_cast<int32_t>(cinfo.image_width);
  header.height = static_cast<int32_t>(cinfo.image_height);
  header.channels = cinfo.num_components == 1 ? 1 : 3;
  header.multiple_scans = jpeg_has_multiple_scans(&cinfo) != FALSE;
  header.decoder_bytes = DecoderBytes(cinfo);
  return header;
}

}  // namespace

struct JpegDecoder::State {
  std::optional<Session> session;
  StoredHeader header;
  int64_t max_memory_bytes = 0;
  std::vector<uint8_t> cmyk;   // a strip before its conversion to RGB
  std::vector<uint8_t> strip;  // rows on their way to a sink
  std::vector<uint8_t> plane_rows[3];

  std::optional<ImageError> Decode(uint8_t* pixels, const RowSink* sink);
  bool ReadStrip(uint8_t* out, int rows);
  std::optional<ImageError> End(bool good);
  bool ReadAllPlanes(const PlaneSink& sink);
};

JpegDecoder::JpegDecoder() : state_(std::make_unique<State>()) {}
JpegDecoder::~JpegDecoder() = default;

ImageOr<StoredHeader> JpegDecoder::Open(absl::string_view file, const ImageLimits& limits) {
  Session& session = state_->session.emplace(file, limits);
  std::optional<ImageError> error;
  if (!session.Start()) {
    error = session.Error();
  } else if (const int components = session.cinfo().num_components; components == 2 || components > 4) {
    error = ImageError{"decode/unsupported", absl::StrCat(components, " colour components")};
  } else {
    state_->header = HeaderOf(session.cinfo());
    state_->max_memory_bytes = limits.max_memory_bytes;
    const StoredHeader& header = state_->header;
    const int64_t needed = static_cast<int64_t>(file.size()) + header.decoder_bytes + header.row_bytes() * kStripRows;
    error = CheckLimits(header.width, header.height, needed, limits, header.multiple_scans ? " in several scans" : "");
  }
  if (!error.has_value()) return state_->header;
  state_->session.reset();
  return *std::move(error);
}

std::optional<ImageError> JpegDecoder::Decode(uint8_t* pixels) { return state_->Decode(pixels, nullptr); }

std::optional<ImageError> JpegDecoder::DecodeRows(const RowSink& sink) {
  state_->strip.resize(static_cast<size_t>(state_->header.row_bytes()) * kStripRows);
  return state_->Decode(state_->strip.data(), &sink);
}

// With a sink every strip goes to the start of `pixels`, else each behind the one before.
std::optional<ImageError> JpegDecoder::State::Decode(uint8_t* pixels, const RowSink* sink) {
  bool good = session->StartDecoding(max_memory_bytes);
  const size_t row_bytes = static_cast<size_t>(header.row_bytes());
  for (int row = 0; good && row < header.height; row += kStripRows) {
    const int rows = std::min(kStripRows, header.height - row);
    uint8_t* out = sink != nullptr ? pixels : pixels + row_bytes * static_cast<size_t>(row);
    good = ReadStrip(out, rows);
    if (good && sink != nullptr) (*sink)({out, row_bytes * static_cast<size_t>(rows)});
  }
  return End(good);
}

std::optional<ImageError> JpegDecoder::State::End(bool good) {
  std::optional<ImageError> error;
  if (!good || !session->Finish()) error = session->Error();
  session.reset();
  return error;
}

bool JpegDecoder::State::ReadStrip(uint8_t* out, int rows) {
  if (!session->cmyk()) return session->ReadRows(out, static_cast<size_t>(header.row_bytes()), rows);
  const size_t stride = static_cast<size_t>(header.width) * 4;
  cmyk.resize(stride * kStripRows);
  if (!session->ReadRows(cmyk.data(), stride, rows)) return false;
  CmykToRgb(cmyk.data(), static_cast<size_t>(header.width) * static_cast<size_t>(rows), out);
  return true;
}

std::vector<JpegPlane> JpegDecoder::Planes() const {
  const jpeg_decompress_struct& cinfo = state_->session->cinfo();
  const bool gray = cinfo.jpeg_color_space == JCS_GRAYSCALE && cinfo.num_components == 1;
  if (!gray && (cinfo.jpeg_color_space != JCS_YCbCr || cinfo.num_components != 3)) return {};
  std::vector<JpegPlane> planes;
  for (int i = 0; i < cinfo.num_components; ++i) {
    const jpeg_component_info& component = cinfo.comp_info[i];
    if (cinfo.max_h_samp_factor % component.h_samp_factor != 0) return {};
    if (cinfo.max_v_samp_factor % component.v_samp_factor != 0) return {};
    planes.push_back(
        {static_cast<int32_t>(component.downsampled_width), static_cast<int32_t>(component.downsampled_height),
         cinfo.max_h_samp_factor / component.h_samp_factor, cinfo.max_v_samp_factor / component.v_samp_factor});
  }
  return planes;
}

std::optional<ImageError> JpegDecoder::DecodePlanes(const PlaneSink& sink) {
  State& state = *state_;
  return state.End(state.session->StartDecoding(state.max_memory_bytes, true) && state.ReadAllPlanes(sink));
}

bool JpegDecoder::State::ReadAllPlanes(const PlaneSink& sink) {
  jpeg_decompress_struct& cinfo = session->cinfo();
  const int most_rows = cinfo.max_v_samp_factor * DCTSIZE;
  JSAMPROW rows[3][4 * DCTSIZE];
  JSAMPARRAY planes[3] = {rows[0], rows[1], rows[2]};
  size_t strides[3] = {};
  for (int i = 0; i < cinfo.num_components; ++i) {
    const jpeg_component_info& component = cinfo.comp_info[i];
    strides[i] = size_t{component.width_in_blocks} * DCTSIZE;
    plane_rows[i].resize(strides[i] * static_cast<size_t>(most_rows));
    for (int k = 0; k < most_rows; ++k) rows[i][k] = plane_rows[i].data() + strides[i] * static_cast<size_t>(k);
  }
  int done[3] = {};
  while (cinfo.output_scanline < cinfo.output_height) {
    if (!session->ReadPlanes(planes, static_cast<JDIMENSION>(most_rows))) return false;
    for (int i = 0; i < cinfo.num_components; ++i) {
      const jpeg_component_info& component = cinfo.comp_info[i];
      const int left = static_cast<int>(component.downsampled_height) - done[i];
      const int count = std::min(left, component.v_samp_factor * DCTSIZE);
      if (count > 0) sink(static_cast<size_t>(i), rows[i][0], strides[i], count);
      done[i] += count;
    }
  }
  return true;
}

std::string JpegVersion() { return "libjpeg-turbo-" MILLRACE_STRING(LIBJPEG_TURBO_VERSION); }

}  // namespace millrace
