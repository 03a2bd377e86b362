#include "common/image/jpeg_structure.h"

#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/image/format_decoder.h"

namespace millrace {
namespace {

constexpr uint8_t kStart = 0xd8, kEnd = 0xd9, kStartOfScan = 0xda, kNumberOfLines = 0xdc, kTemporary = 0x01;

// Markers without a segment: restart markers and the obsolete TEM.
bool StandsAlone(uint8_t marker) { return (marker >= 0xd0 && marker <= 0xd7) || marker == kTemporary; }

bool IsFrame(uint8_t marker) {  // SOF0 to SOF15 but for DHT, JPG and DAC, which lie between them
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

// Baseline, extended, progressive; the last two with arithmetic coding.
bool IsDecodedFrame(uint8_t marker) {
  return marker == 0xc0 || marker == 0xc1 || marker == 0xc2 || marker == 0xc9 || marker == 0xca;
}

class Walk {
 public:
  Walk(absl::string_view file, const ImageLimits& limits)
      : data_(reinterpret_cast<const uint8_t*>(file.data())), size_(file.size()), limits_(limits) {}

  ImageOr<JpegStructure> Run();

 private:
  using Step = std::optional<ImageError>;

  uint32_t U16(size_t at) const { return uint32_t{data_[at]} << 8 | data_[at + 1]; }
  bool NextMarker(uint8_t& marker);
  void SkipCodedData();
  Step Segment(uint8_t marker);
  Step Frame(uint8_t marker, size_t body, size_t length);
  Step Scan(size_t body, size_t length);
  Step Finished() const;

  ImageError Truncated() const {
    return {"decode/truncated",
            absl::StrCat("the file ends after ", WithThousands(static_cast<int64_t>(size_)), " bytes",
                         found_.width == 0 ? ", before the first row" : ", without an end marker")};
  }
  ImageError Corrupt(absl::string_view what) const {
    return {"decode/corrupt", absl::StrCat(what, " at byte ", WithThousands(static_cast<int64_t>(at_)))};
  }

  const uint8_t* const data_;
  const size_t size_;
  const ImageLimits& limits_;
  size_t at_ = 0;  // next byte to read
  int scans_ = 0;
  bool cut_ = false;  // the file ended where a marker should have been
  JpegStructure found_;
};

ImageOr<JpegStructure> Walk::Run() {
  if (size_ < 2) return Truncated();
  if (U16(0) != (0xff00u | kStart)) {
    return ImageError{"decode/not_an_image", "it does not start with a JPEG's start marker"};
  }
  at_ = 2;
  uint8_t marker = 0;
  while (NextMarker(marker)) {
    if (marker == kEnd) {
      if (Step error = Finished()) return *std::move(error);
      found_.image_bytes = static_cast<int64_t>(at_);
      return found_;
    }
    if (StandsAlone(marker)) continue;
    if (Step error = Segment(marker)) return *std::move(error);
  }
  if (cut_) return Truncated();
  return Corrupt("stray bytes instead of a marker");
}

// Moves behind the next marker: 0xff, as often as one likes, and its code.
bool Walk::NextMarker(uint8_t& marker) {
  cut_ = at_ + 2 > size_;
  if (cut_ || data_[at_] != 0xff) return false;
  while (at_ < size_ && data_[at_] == 0xff) ++at_;
  cut_ = at_ == size_;
  if (cut_) return false;
  marker = data_[at_++];
  return marker != 0;
}

std::optional<ImageError> Walk::Segment(uint8_t marker) {
  if (marker == kStart) return Corrupt("a second start marker");
  if (at_ + 2 > size_) return Truncated();
  const size_t length = U16(at_);
  if (length < 2) return Corrupt("a segment of impossible length");
  if (length > size_ - at_) return Truncated();
  const size_t body = at_ + 2;
  if (IsFrame(marker)) {
    if (Step error = Frame(marker, body, length - 2)) return error;
  } else if (marker == kStartOfScan) {
    if (Step error = Scan(body, length - 2)) return error;
    at_ += length;
    SkipCodedData();
    return std::nullopt;
  } else if (marker == kNumberOfLines) {
    return ImageError{"decode/unsupported", "its height is only given behind the first scan"};
  }
  at_ += length;
  return std::nullopt;
}

std::optional<ImageError> Walk::Frame(uint8_t marker, size_t body, size_t length) {
  if (!IsDecodedFrame(marker)) {
    return ImageError{"decode/unsupported",
                      absl::StrCat("lossless, hierarchical or another rare kind of JPEG (SOF", marker - 0xc0, ")")};
  }
  if (found_.width != 0) return Corrupt("a second frame header");
  if (length < 6 || length != 6 + 3 * size_t{data_[body + 5]}) return Corrupt("a frame header of wrong length");
  if (data_[body] != 8) return ImageError{"decode/unsupported", absl::StrCat(int{data_[body]}, " bits a sample")};
  found_.height = static_cast<int32_t>(U16(body + 1));
  found_.width = static_cast<int32_t>(U16(body + 3));
  const int components = data_[body + 5];
  if (found_.width == 0 || found_.height == 0 || components == 0) return Corrupt("an empty frame");
  if (components == 2 || components > 4) {
    return ImageError{"decode/unsupported", absl::StrCat(components, " colour components")};
  }
  found_.components = components;
  found_.channels = components == 1 ? 1 : 3;
  return CheckLimits(found_.width, found_.height, 0, limits_);
}

std::optional<ImageError> Walk::Scan(size_t body, size_t length) {
  if (found_.width == 0) return Corrupt("a scan before the frame header");
  if (length < 6 || length != 4 + 2 * size_t{data_[body]}) return Corrupt("a scan header of wrong length");
  if (++scans_ <= limits_.max_scans) return std::nullopt;
  return ImageError{"decode/unsupported", absl::StrCat("more than ", limits_.max_scans, " scans")};
}

// To the next marker that is no restart marker: in coded data 0xff is followed by 0x00 (stuffing) or by a marker.
void Walk::SkipCodedData() {
  while (at_ < size_) {
    const void* found = std::memchr(data_ + at_, 0xff, size_ - at_);
    if (found == nullptr) break;
    at_ = static_cast<size_t>(static_cast<const uint8_t*>(found) - data_);
    if (at_ + 1 == size_) break;
    const uint8_t code = data_[at_ + 1];
    if (code == 0xff) {
      ++at_;
    } else if (code == 0 || StandsAlone(code)) {
      at_ += 2;
    } else {
      return;
    }
  }
  at_ = size_;
}

std::optional<ImageError> Walk::Finished() const {
  if (scans_ > 0) return std::nullopt;
  return Corrupt("the end of the image before any scan");
}

}  // namespace

ImageOr<JpegStructure> CheckJpegStructure(absl::string_view file, const ImageLimits& limits) {
  return Walk(file, limits).Run();
}

}  // namespace millrace
