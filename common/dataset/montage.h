// A contact sheet: pictures, made small, side by side in one PNG file, in order, from the left and the top.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/dataset/sample.h"
#include "common/image/resizer.h"
#include "common/io/byte_buffer.h"

namespace millrace {

// One owner, one thread. Memory: about 50 KB a picture.
class Montage {
 public:
  static constexpr int64_t kMostPictures = 1024;
  static constexpr int32_t kSide = 128;  // of the square that a picture is fitted into, keeping its shape
  static constexpr int32_t kGap = 4;     // around each square, white

  // For at most `pictures` (1 to kMostPictures), in a grid that is about as wide as high.
  explicit Montage(int64_t pictures);

  bool full() const { return added_ == pictures_; }
  // Where the next picture goes, from 0.
  int64_t next_row() const { return added_ / columns_; }
  int64_t next_column() const { return added_ % columns_; }
  void Add(const Sample& sample);

  // The rows that have pictures. UNAVAILABLE names the path; an existing file is replaced.
  absl::Status Write(const std::string& path) const;

 private:
  int64_t StrideBytes() const { return (columns_ * (kSide + kGap) + kGap) * 3; }

  const int64_t pictures_;
  const int64_t columns_;
  int64_t added_ = 0;
  ByteBuffer sheet_;  // RGB, as many rows of squares as have been begun
  Resizer resizer_;
};

}  // namespace millrace
