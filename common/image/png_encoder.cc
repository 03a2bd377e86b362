#include "common/image/png_encoder.h"

#include <isa-l.h>

#include <vector>

#include "absl/strings/string_view.h"

namespace millrace {
namespace {

constexpr absl::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
constexpr size_t kPieceBytes = 64 << 10;   // of filtered rows
constexpr size_t kOutputBytes = 64 << 10;  // of room that is made at once
enum Filter : uint8_t { kSub = 1, kUp = 2 };

void AppendNumber(uint32_t value, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void SetNumber(uint32_t value, char* out) {
  for (int k = 0; k < 4; ++k) out[k] = static_cast<char>(value >> (24 - 8 * k));
}

uint32_t CrcOf(const std::string& out, size_t from) {
  return crc32_gzip_refl(0, reinterpret_cast<const uint8_t*>(out.data()) + from, out.size() - from);
}

void AppendChunk(absl::string_view name, absl::string_view body, std::string& out) {
  AppendNumber(static_cast<uint32_t>(body.size()), out);
  const size_t start = out.size();
  out.append(name.data(), name.size());
  out.append(body.data(), body.size());
  AppendNumber(CrcOf(out, start), out);
}

std::string HeaderOf(const PictureView& picture) {
  std::string header;
  AppendNumber(static_cast<uint32_t>(picture.width), header);
  AppendNumber(static_cast<uint32_t>(picture.height), header);
  const char color = picture.channels == 1 ? 0 : 2;
  for (char byte : {char{8}, color, char{0}, char{0}, char{0}}) header.push_back(byte);
  return header;
}

// The row and its filter's number; the first row has none above and takes its left neighbours.
void AppendFiltered(const uint8_t* row, const uint8_t* above, size_t bytes, size_t channels,
                    std::vector<uint8_t>& out) {
  const size_t start = out.size();
  out.resize(start + bytes + 1);
  uint8_t* to = out.data() + start;
  *to++ = above == nullptr ? kSub : kUp;
  if (above == nullptr) {
    for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<uint8_t>(row[i] - (i < channels ? 0 : row[i - channels]));
  } else {
    for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<uint8_t>(row[i] - above[i]);
  }
}

}  // namespace

struct PngEncoder::State {
  isal_zstream stream;
  std::vector<uint8_t> level_buffer = std::vector<uint8_t>(ISAL_DEF_LVL1_DEFAULT);
  std::vector<uint8_t> piece;

  void Begin();
  void Deflate(bool last, std::string& out);
};

PngEncoder::PngEncoder() : state_(std::make_unique<State>()) {}
PngEncoder::~PngEncoder() = default;

void PngEncoder::State::Begin() {
  isal_deflate_init(&stream);
  stream.level = 1;
  stream.level_buf = level_buffer.data();
  stream.level_buf_size = static_cast<uint32_t>(level_buffer.size());
  stream.gzip_flag = IGZIP_ZLIB;
  piece.clear();
}

// What is in `piece`, to the end of `out`.
void PngEncoder::State::Deflate(bool last, std::string& out) {
  stream.next_in = piece.data();
  stream.avail_in = static_cast<uint32_t>(piece.size());
  stream.end_of_stream = last ? 1 : 0;
  do {
    const size_t used = out.size();
    out.resize(used + kOutputBytes);
    stream.next_out = reinterpret_cast<uint8_t*>(out.data()) + used;
    stream.avail_out = kOutputBytes;
    isal_deflate(&stream);
    out.resize(out.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  piece.clear();
}

void PngEncoder::Append(const PictureView& picture, std::string& out) {
  State& state = *state_;
  out.append(kSignature.data(), kSignature.size());
  AppendChunk("IHDR", HeaderOf(picture), out);
  const size_t length_at = out.size();
  out.append("\0\0\0\0IDAT", 8);
  state.Begin();
  const size_t row_bytes = static_cast<size_t>(picture.row_bytes());
  for (int y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.pixels + row_bytes * static_cast<size_t>(y);
    const uint8_t* above = y == 0 ? nullptr : row - row_bytes;
    AppendFiltered(row, above, row_bytes, static_cast<size_t>(picture.channels), state.piece);
    const bool last = y + 1 == picture.height;
    if (last || state.piece.size() >= kPieceBytes) state.Deflate(last, out);
  }
  SetNumber(static_cast<uint32_t>(out.size() - length_at - 8), out.data() + length_at);
  AppendNumber(CrcOf(out, length_at + 4), out);
  AppendChunk("IEND", "", out);
}

}  // namespace millrace
