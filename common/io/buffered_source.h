// Collects small reads into large ones: a TFRecord stream asks for 12 and for 4 bytes around each record.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "common/base/status_macros.h"
#include "common/io/byte_stream.h"

namespace millrace {

class BufferedSource : public ByteSource {
 public:
  explicit BufferedSource(ByteSource& source)  // borrows `source`
      : source_(source), buffer_(std::make_unique_for_overwrite<char[]>(kSize)) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t n) override {
    if (begin_ == end_ && n >= kSize) return source_.Read(buffer, n);
    if (begin_ == end_) {
      begin_ = end_ = 0;
      MILLRACE_ASSIGN_OR_RETURN(end_, source_.Read(buffer_.get(), kSize));
    }
    n = std::min(n, end_ - begin_);
    std::memcpy(buffer, buffer_.get() + begin_, n);
    begin_ += n;
    return n;
  }

 private:
  static constexpr size_t kSize = 128 << 10;
  ByteSource& source_;
  const std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace millrace
