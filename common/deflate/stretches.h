// Where images lie in the stream, as BeginImage told, cut into the stretches of each block.
#pragma once

#include <cstdint>
#include <vector>

#include "common/deflate/pixel_tokens.h"

namespace millrace {

class Stretches {
 public:
  // `group`: kTextGroup or kRawGroup.
  explicit Stretches(size_t group) : group_(static_cast<int64_t>(group)) {}
  // An image of `total` bytes at `offset` of the stream, behind all that Next has returned. It ends an image before it.
  void BeginImage(int64_t offset, int64_t row, int64_t total);
  // Of the stream's next `size` bytes.
  const std::vector<Stretch>& Next(size_t size);

 private:
  struct Image {
    int64_t begin = 0;
    int64_t end = 0;
    size_t row = 0;
  };
  void AddImage(const Image& image, int64_t until);
  void Add(int64_t end, size_t row);

  const int64_t group_;
  int64_t block_ = 0;          // offset of the current block in the stream
  std::vector<Image> images_;  // the one that began in a block before, and those of the current block
  std::vector<Stretch> stretches_;
};

}  // namespace millrace
