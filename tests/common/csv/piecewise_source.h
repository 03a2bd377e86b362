// A byte source for tests that puts a boundary wherever it hurts.
#pragma once

#include <algorithm>

#include "common/io/byte_stream.h"

namespace millrace {

// Gives the text in pieces of `piece` bytes, so that every boundary falls everywhere.
class PiecewiseSource : public ByteSource {
 public:
  PiecewiseSource(absl::string_view text, size_t piece) : rest_(text), piece_(piece) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t n) override {
    n = std::min({n, piece_, rest_.size()});
    rest_.copy(buffer, n);
    rest_.remove_prefix(n);
    return n;
  }

 private:
  absl::string_view rest_;
  const size_t piece_;
};

}  // namespace millrace
