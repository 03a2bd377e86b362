#include "common/image/png.h"

#include <png.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/image/alpha.h"

namespace millrace {
namespace {

constexpr int kStripRows = 16;
constexpr int64_t kDecoderBase = int64_t{256} << 10;  // inflate's window and state, chunks
constexpr int64_t kDecoderRows = 4;                   // of 16-bit RGBA: libpng's own buffers, ours
constexpr size_t kKeptBytes = size_t{4} << 20;

// One libpng object for one image. libpng leaves by longjmp: between a setjmp and the calls below it there is no object
// with a destructor.
class Session {
 public:
  explicit Session(absl::string_view file) : file_(file) {}
  ~Session() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Session(const Session&) = delete;

  // Up to the image data.
  bool Start();
  // The next row as libpng gives it; in an interlaced file each row comes once a pass.
  bool ReadRow(uint8_t* row);
  bool Finish();

  uint32_t width() const { return png_get_image_width(png_, info_); }
  uint32_t height() const { return png_get_image_height(png_, info_); }
  int channels() const { return png_get_channels(png_, info_); }  // 1 to 4, with alpha
  int passes() const { return passes_; }
  bool opened() const { return opened_; }
  bool ended() const { return ended_; }
  const std::string& message() const { return message_; }

 private:
  static Session* Of(png_structp png) { return static_cast<Session*>(png_get_io_ptr(png)); }
  static void Read(png_structp png, png_bytep bytes, size_t size);
  [[noreturn]] static void Leave(png_structp png, png_const_charp text);
  void SetTransforms();

  const absl::string_view file_;
  size_t at_ = 0;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  bool opened_ = false;
  bool ended_ = false;  // the file ended where libpng wanted more
  std::string message_;
};

void Session::Read(png_structp png, png_bytep bytes, size_t size) {
  Session* session = Of(png);
  session->ended_ = session->file_.size() - session->at_ < size;
  if (session->ended_) png_error(png, "the file ends");
  std::memcpy(bytes, session->file_.data() + session->at_, size);
  session->at_ += size;
}

void Session::Leave(png_structp png, png_const_charp text) {
  static_cast<Session*>(png_get_error_ptr(png))->message_ = text;
  png_longjmp(png, 1);
}

bool Session::Start() {
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, Leave, Leave);
  info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
  if (info_ == nullptr) return false;
  if (setjmp(png_jmpbuf(png_)) != 0) return false;
  png_set_read_fn(png_, this, Read);
  png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);             // ours come after the header
  png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);  // all but IHDR, PLTE, tRNS, IDAT, IEND
  png_read_info(png_, info_);
  SetTransforms();
  png_read_update_info(png_, info_);
  opened_ = true;
  return true;
}

void Session::SetTransforms() {
  png_set_expand(png_);    // palette to RGB, gray of 1, 2 and 4 bits to 8, tRNS to alpha
  png_set_strip_16(png_);  // after the comparison with tRNS
  passes_ = png_set_interlace_handling(png_);
}

bool Session::ReadRow(uint8_t* row) {
  if (setjmp(png_jmpbuf(png_)) != 0) return false;
  png_read_row(png_, row, nullptr);
  return true;
}

bool Session::Finish() {
  if (setjmp(png_jmpbuf(png_)) != 0) return false;
  png_read_end(png_, nullptr);
  return true;
}

}  // namespace

struct PngDecoder::State {
  std::optional<Session> session;
  absl::string_view file;
  StoredHeader header;
  bool alpha = false;
  int64_t rows_read = 0;
  std::vector<uint8_t> buffer;  // rows with alpha, or all of an interlaced image
  std::vector<uint8_t> strip;

  size_t raw_row_bytes() const {
    return static_cast<size_t>(header.row_bytes()) + (alpha ? static_cast<size_t>(header.width) : 0);
  }
  ImageError Error() const;
  void ReadHeader();
  bool ReadStrip(uint8_t* out, int rows);
  bool ReadPasses(uint8_t* out);
  bool ReadStrips(uint8_t* pixels, const RowSink* sink);
  std::optional<ImageError> End(bool good);
};

PngDecoder::PngDecoder() : state_(std::make_unique<State>()) {}
PngDecoder::~PngDecoder() = default;

ImageError PngDecoder::State::Error() const {
  if (!session->ended()) return {"decode/corrupt", session->message()};
  return TruncatedAfter(file.size(), rows_read, session->opened() ? header.height : 0);
}

ImageOr<StoredHeader> PngDecoder::Open(absl::string_view file, const ImageLimits& limits) {
  State& state = *state_;
  state.file = file;
  state.rows_read = 0;
  std::optional<ImageError> error;
  if (!state.session.emplace(file).Start()) {
    error = state.Error();
  } else {
    state.ReadHeader();
    const StoredHeader& header = state.header;
    const int64_t needed = static_cast<int64_t>(file.size()) + header.decoder_bytes + header.row_bytes() * kStripRows;
    error = CheckLimits(header.width, header.height, needed, limits, header.streams ? "" : ", interlaced,");
  }
  if (!error.has_value()) return state.header;
  state.session.reset();
  return *std::move(error);
}

void PngDecoder::State::ReadHeader() {
  header = {};
  header.width = static_cast<int32_t>(session->width());
  header.height = static_cast<int32_t>(session->height());
  header.channels = session->channels() <= 2 ? 1 : 3;
  alpha = session->channels() % 2 == 0;
  header.streams = session->passes() == 1;
  header.decoder_bytes = kDecoderBase + int64_t{header.width} * 8 * kDecoderRows;
  const int64_t raw_rows = header.streams ? (alpha ? kStripRows : 0) : header.height;
  header.decoder_bytes += static_cast<int64_t>(raw_row_bytes()) * raw_rows;
}

// The next rows of an image that is not interlaced.
bool PngDecoder::State::ReadStrip(uint8_t* out, int rows) {
  const size_t stride = raw_row_bytes();
  if (alpha) buffer.resize(stride * kStripRows);
  uint8_t* raw = alpha ? buffer.data() : out;
  for (int k = 0; k < rows; ++k, ++rows_read) {
    if (!session->ReadRow(raw + stride * static_cast<size_t>(k))) return false;
  }
  if (alpha) OverWhite(raw, static_cast<size_t>(header.width) * static_cast<size_t>(rows), header.channels, out);
  return true;
}

// All passes of an interlaced image; `out` has room for all rows with alpha.
bool PngDecoder::State::ReadPasses(uint8_t* out) {
  const size_t stride = raw_row_bytes();
  for (int pass = 0; pass < session->passes(); ++pass) {
    for (int y = 0; y < header.height; ++y) {
      if (!session->ReadRow(out + stride * static_cast<size_t>(y))) return false;
    }
  }
  rows_read = header.height;
  return true;
}

bool PngDecoder::State::ReadStrips(uint8_t* pixels, const RowSink* sink) {
  const size_t row_bytes = static_cast<size_t>(header.row_bytes());
  for (int y = 0; y < header.height; y += kStripRows) {
    const int rows = std::min(kStripRows, header.height - y);
    uint8_t* out = sink != nullptr ? strip.data() : pixels + row_bytes * static_cast<size_t>(y);
    if (!ReadStrip(out, rows)) return false;
    if (sink != nullptr) (*sink)({out, row_bytes * static_cast<size_t>(rows)});
  }
  return true;
}

std::optional<ImageError> PngDecoder::State::End(bool good) {
  std::optional<ImageError> error;
  if (!good || !session->Finish()) error = Error();
  session.reset();
  if (buffer.size() > kKeptBytes) buffer = {};
  return error;
}

std::optional<ImageError> PngDecoder::Decode(uint8_t* pixels) {
  State& state = *state_;
  if (state.header.streams) return state.End(state.ReadStrips(pixels, nullptr));
  if (!state.alpha) return state.End(state.ReadPasses(pixels));
  return DecodeRows([&](absl::Span<const uint8_t> rows) {
    std::memcpy(pixels, rows.data(), rows.size());
    pixels += rows.size();
  });
}

std::optional<ImageError> PngDecoder::DecodeRows(const RowSink& sink) {
  State& state = *state_;
  const size_t row_bytes = static_cast<size_t>(state.header.row_bytes());
  state.strip.resize(row_bytes * kStripRows);
  if (state.header.streams) return state.End(state.ReadStrips(nullptr, &sink));
  const size_t stride = state.raw_row_bytes();
  state.buffer.resize(stride * static_cast<size_t>(state.header.height));
  const bool good = state.ReadPasses(state.buffer.data());
  for (int y = 0; good && y < state.header.height; ++y) {
    uint8_t* row = state.buffer.data() + stride * static_cast<size_t>(y);
    if (state.alpha) OverWhite(row, static_cast<size_t>(state.header.width), state.header.channels, row);
    sink({row, row_bytes});
  }
  return state.End(good);
}

std::string PngVersion() { return absl::StrCat("libpng-", png_get_libpng_ver(nullptr)); }

}  // namespace millrace
