// BMP to pixels (BITMAPFILEHEADER and any DIB header from OS/2's core header to V5): 1, 2, 4, 8, 16, 24 and 32 bits a
// pixel, bit fields, RLE8 and RLE4, bottom-up and top-down. A palette that is the gray ramp gives gray, as Pillow does,
// everything else RGB; an alpha channel is laid over white.
//
// Format: Microsoft's "Bitmap Storage" and the [MS-WMF] structures of the same names; all numbers are little-endian.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/image/format_decoder.h"

namespace millrace {

class BmpDecoder : public FormatDecoder {
 public:
  ImageOr<StoredHeader> Open(absl::string_view file, const ImageLimits& limits) override;
  std::optional<ImageError> Decode(uint8_t* pixels) override;
  std::optional<ImageError> DecodeRows(const RowSink& sink) override;

 private:
  enum Compression : uint32_t { kNone = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6 };
  struct Field {
    uint32_t mask = 0;
    int shift = 0;
    uint32_t max = 0;
    uint8_t Of(uint32_t pixel) const { return static_cast<uint8_t>(uint64_t{(pixel & mask) >> shift} * 255 / max); }
  };
  using Step = std::optional<ImageError>;

  uint32_t Number(size_t at, size_t size) const;
  Step ReadInfo();
  Step ReadFields(size_t header_bytes);
  Step ReadPalette(size_t header_bytes);
  bool IsGrayRamp() const;
  Step CheckKind() const;
  Step FindRows();
  Step Unpack();
  bool HasAlpha() const;
  const uint8_t* StoredRow(int y) const;
  bool RowPixels(int y, uint8_t* out);
  bool IndexedRow(const uint8_t* row, uint8_t* out) const;
  void FieldsRow(const uint8_t* row, uint8_t* out);
  ImageError Truncated() const { return TruncatedAfter(file_.size(), 0, header_.height); }

  absl::string_view file_;
  StoredHeader header_;
  bool top_down_ = false;
  bool gray_ = false;
  bool alpha_ = false;
  int bits_ = 0;
  uint32_t compression_ = kNone;
  size_t pixels_at_ = 0;
  size_t stride_ = 0;
  uint32_t colors_ = 0;  // in the palette
  std::array<std::array<uint8_t, 3>, 256> palette_;
  std::array<Field, 4> fields_;    // red, green, blue, alpha
  std::vector<uint8_t> unpacked_;  // indices of an RLE image, in its own order of rows
  std::vector<uint8_t> raw_;       // a row with alpha
  std::vector<uint8_t> strip_;
};

}  // namespace millrace
