#include "common/image/bmp.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/image/alpha.h"
#include "common/image/bmp_rle.h"

namespace millrace {
namespace {

constexpr size_t kFileHeader = 14;
constexpr size_t kCoreHeader = 12;  // OS/2: 16-bit sizes, a palette of 3 bytes a colour
constexpr size_t kInfoHeader = 40;
constexpr size_t kWithColorMasks = 52;
constexpr size_t kWithAlphaMask = 56;
constexpr size_t kHeaders[] = {kCoreHeader, kInfoHeader, kWithColorMasks, kWithAlphaMask, 64, 108, 124};
constexpr int kStripRows = 16;
constexpr int64_t kDecoderBase = 64 << 10;
constexpr size_t kKeptBytes = size_t{4} << 20;

}  // namespace

uint32_t BmpDecoder::Number(size_t at, size_t size) const {
  uint32_t value = 0;
  for (size_t k = 0; k < size && at + k < file_.size(); ++k) {
    value |= uint32_t{static_cast<uint8_t>(file_[at + k])} << (8 * k);
  }
  return value;
}

ImageOr<StoredHeader> BmpDecoder::Open(absl::string_view file, const ImageLimits& limits) {
  file_ = file;
  header_ = {};
  if (Step error = ReadInfo()) return *std::move(error);
  const bool rle = compression_ == kRle8 || compression_ == kRle4;
  header_.channels = gray_ ? 1 : 3;
  header_.streams = !rle;
  header_.decoder_bytes = kDecoderBase + int64_t{header_.width} * 4 + (rle ? header_.pixels() : 0);
  const int64_t needed = static_cast<int64_t>(file.size()) + header_.decoder_bytes + header_.row_bytes() * kStripRows;
  if (Step error = CheckLimits(header_.width, header_.height, needed, limits)) return *std::move(error);
  return header_;
}

// Everything before the pixels.
BmpDecoder::Step BmpDecoder::ReadInfo() {
  const size_t size = Number(kFileHeader, 4);
  if (file_.size() < kFileHeader + 4) return Truncated();
  if (std::find(std::begin(kHeaders), std::end(kHeaders), size) == std::end(kHeaders)) {
    return ImageError{"decode/corrupt", absl::StrCat("a BMP's information header of ", size, " bytes")};
  }
  if (file_.size() < kFileHeader + size) return Truncated();
  const bool core = size == kCoreHeader;
  const size_t side = core ? 2 : 4;
  const int32_t width = static_cast<int32_t>(Number(18, side));
  const int32_t height = static_cast<int32_t>(Number(18 + side, side));
  bits_ = static_cast<int>(Number(18 + 2 * side + 2, 2));
  compression_ = core ? uint32_t{kNone} : Number(30, 4);
  if (width <= 0 || height == 0 || height == INT32_MIN) return ImageError{"decode/corrupt", "a side of no pixels"};
  top_down_ = height < 0;
  header_.width = width;
  header_.height = std::abs(height);
  if (Step error = CheckKind()) return error;
  pixels_at_ = Number(10, 4);
  stride_ = (static_cast<size_t>(width) * static_cast<size_t>(bits_) + 31) / 32 * 4;
  gray_ = alpha_ = false;
  return bits_ <= 8 ? ReadPalette(size) : ReadFields(size);
}

BmpDecoder::Step BmpDecoder::CheckKind() const {
  const bool indexed = bits_ == 1 || bits_ == 4 || bits_ == 8;
  const bool direct = bits_ == 16 || bits_ == 24 || bits_ == 32;
  bool known = false;
  if (compression_ == kNone) known = indexed || direct;
  if (compression_ == kBitFields || compression_ == kAlphaBitFields) known = bits_ == 16 || bits_ == 32;
  if (compression_ == kRle8) known = bits_ == 8;
  if (compression_ == kRle4) known = bits_ == 4;
  if (known) return std::nullopt;
  return ImageError{"decode/unsupported",
                    absl::StrCat("a BMP of ", bits_, " bits a pixel and compression ", compression_)};
}

BmpDecoder::Step BmpDecoder::ReadFields(size_t header_bytes) {
  std::array<uint32_t, 4> masks = {0xff0000, 0xff00, 0xff, 0};
  if (bits_ == 16) masks = {0x7c00, 0x3e0, 0x1f, 0};
  if (compression_ == kBitFields || compression_ == kAlphaBitFields) {
    // In the header, or behind a header of the first kind: then the fourth is only there if the compression says so.
    const bool has_alpha = header_bytes >= kWithAlphaMask || compression_ == kAlphaBitFields;
    const size_t at = kFileHeader + kInfoHeader;
    if (file_.size() < at + (has_alpha ? 16 : 12)) return Truncated();
    for (size_t k = 0; k < 4; ++k) masks[k] = k < 3 || has_alpha ? Number(at + 4 * k, 4) : 0;
  }
  for (size_t k = 0; k < 4; ++k) {
    if (masks[k] == 0 && k < 3) return ImageError{"decode/corrupt", "a colour without bits"};
    const int shift = masks[k] == 0 ? 0 : std::countr_zero(masks[k]);
    fields_[k] = {masks[k], shift, std::max(1u, masks[k] >> shift)};
  }
  alpha_ = masks[3] != 0;
  return std::nullopt;
}

BmpDecoder::Step BmpDecoder::ReadPalette(size_t header_bytes) {
  const size_t entry = header_bytes == kCoreHeader ? 3 : 4;
  const uint32_t most = 1u << bits_;
  colors_ = header_bytes == kCoreHeader ? 0 : Number(46, 4);
  if (colors_ == 0 || colors_ > most) colors_ = most;
  size_t at = kFileHeader + header_bytes;
  // Some writers keep fewer colours than they announce: what lies behind the start of the pixels is no colour.
  if (pixels_at_ > at) colors_ = static_cast<uint32_t>(std::min<size_t>(colors_, (pixels_at_ - at) / entry));
  if (file_.size() < at + colors_ * entry) return Truncated();
  for (uint32_t k = 0; k < colors_; ++k, at += entry) {
    for (size_t c = 0; c < 3; ++c) palette_[k][2 - c] = static_cast<uint8_t>(file_[at + c]);
  }
  gray_ = IsGrayRamp();
  return std::nullopt;
}

// Black and white, or 8 bits whose colours are their own indices.
bool BmpDecoder::IsGrayRamp() const {
  if (colors_ != 2 && bits_ != 8) return false;
  for (uint32_t k = 0; k < colors_; ++k) {
    const uint8_t value = static_cast<uint8_t>(colors_ == 2 ? k * 255 : k);
    if (palette_[k] != std::array<uint8_t, 3>{value, value, value}) return false;
  }
  return true;
}

// Before the pixels are read: that they are there, and that every index has a colour.
BmpDecoder::Step BmpDecoder::FindRows() {
  const size_t rows = static_cast<size_t>(header_.height);
  if (pixels_at_ < kFileHeader + kCoreHeader) return ImageError{"decode/corrupt", "pixels inside the header"};
  if (!header_.streams) return Unpack();
  const size_t last_row = (static_cast<size_t>(header_.width) * static_cast<size_t>(bits_) + 7) / 8;
  if (file_.size() < pixels_at_ || file_.size() - pixels_at_ < stride_ * (rows - 1) + last_row) return Truncated();
  alpha_ = alpha_ && HasAlpha();
  return std::nullopt;
}

BmpDecoder::Step BmpDecoder::Unpack() {
  if (file_.size() < pixels_at_) return Truncated();
  const size_t width = static_cast<size_t>(header_.width);
  unpacked_.assign(width * static_cast<size_t>(header_.height), 0);
  switch (UnpackBmpRle(file_.substr(pixels_at_), bits_, width, absl::MakeSpan(unpacked_))) {
    case BmpRleEnd::kGood:
      return std::nullopt;
    case BmpRleEnd::kTruncated:
      return Truncated();
    case BmpRleEnd::kCorrupt:
      break;
  }
  return ImageError{"decode/corrupt", "run lengths that do not fill the picture"};
}

// Many writers announce an alpha channel and leave it zero: that means opaque, not an invisible picture.
bool BmpDecoder::HasAlpha() const {
  const size_t bytes = static_cast<size_t>(bits_ / 8);
  for (int y = 0; y < header_.height; ++y) {
    const size_t row = static_cast<size_t>(StoredRow(y) - reinterpret_cast<const uint8_t*>(file_.data()));
    for (size_t x = 0; x < static_cast<size_t>(header_.width); ++x) {
      if ((Number(row + x * bytes, bytes) & fields_[3].mask) != 0) return true;
    }
  }
  return false;
}

// Row y from the top.
const uint8_t* BmpDecoder::StoredRow(int y) const {
  const size_t row = static_cast<size_t>(top_down_ ? y : header_.height - 1 - y);
  if (!header_.streams) return unpacked_.data() + row * static_cast<size_t>(header_.width);
  return reinterpret_cast<const uint8_t*>(file_.data()) + pixels_at_ + row * stride_;
}

// False: an index without a colour.
bool BmpDecoder::RowPixels(int y, uint8_t* out) {
  const uint8_t* row = StoredRow(y);
  if (bits_ <= 8) return IndexedRow(row, out);
  if (bits_ == 24) {
    for (int x = 0; x < header_.width; ++x, row += 3, out += 3) {
      out[0] = row[2];
      out[1] = row[1];
      out[2] = row[0];
    }
    return true;
  }
  FieldsRow(row, out);
  return true;
}

bool BmpDecoder::IndexedRow(const uint8_t* row, uint8_t* out) const {
  const int bits = header_.streams ? bits_ : 8;  // run lengths were unpacked to bytes
  const int in_a_byte = 8 / bits;
  for (int x = 0; x < header_.width; ++x) {
    const int shift = 8 - bits - x % in_a_byte * bits;
    const uint32_t index = row[x / in_a_byte] >> shift & ((1u << bits) - 1);
    if (index >= colors_) return false;
    const size_t channels = static_cast<size_t>(header_.channels);
    std::memcpy(out, palette_[index].data(), channels);
    out += channels;
  }
  return true;
}

void BmpDecoder::FieldsRow(const uint8_t* row, uint8_t* out) {
  const size_t bytes = static_cast<size_t>(bits_ / 8);
  raw_.resize(static_cast<size_t>(header_.width) * 4);
  uint8_t* raw = raw_.data();
  for (int x = 0; x < header_.width; ++x, row += bytes) {
    uint32_t pixel = row[0] | uint32_t{row[1]} << 8;
    if (bytes == 4) pixel |= uint32_t{row[2]} << 16 | uint32_t{row[3]} << 24;
    for (size_t k = 0; k < 3; ++k) *raw++ = fields_[k].Of(pixel);
    *raw++ = alpha_ ? fields_[3].Of(pixel) : 255;
  }
  OverWhite(raw_.data(), static_cast<size_t>(header_.width), 3, out);
}

std::optional<ImageError> BmpDecoder::Decode(uint8_t* pixels) {
  return DecodeRows([&](absl::Span<const uint8_t> rows) {
    std::memcpy(pixels, rows.data(), rows.size());
    pixels += rows.size();
  });
}

std::optional<ImageError> BmpDecoder::DecodeRows(const RowSink& sink) {
  if (Step error = FindRows()) return error;
  const size_t row_bytes = static_cast<size_t>(header_.row_bytes());
  strip_.resize(row_bytes * kStripRows);
  for (int y = 0; y < header_.height; y += kStripRows) {
    const int rows = std::min(kStripRows, header_.height - y);
    for (int k = 0; k < rows; ++k) {
      if (RowPixels(y + k, strip_.data() + row_bytes * static_cast<size_t>(k))) continue;
      return ImageError{"decode/corrupt", absl::StrCat("row ", y + k + 1, " has a colour that is not in the palette")};
    }
    sink({strip_.data(), row_bytes * static_cast<size_t>(rows)});
  }
  if (unpacked_.size() > kKeptBytes) unpacked_ = {};
  return std::nullopt;
}

}  // namespace millrace
