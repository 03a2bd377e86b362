#include "common/deflate/stretches.h"

#include <algorithm>

namespace millrace {

void Stretches::BeginImage(int64_t offset, int64_t row, int64_t total) {
  if (!images_.empty() && images_.back().begin == offset) images_.pop_back();
  const bool reachable = row >= group_ && row <= static_cast<int64_t>(kMaxDistance);
  images_.push_back({offset, offset + std::max<int64_t>(total, 0), reachable ? static_cast<size_t>(row) : 0});
}

const std::vector<Stretch>& Stretches::Next(size_t size) {
  stretches_.clear();
  const int64_t end = block_ + static_cast<int64_t>(size);
  for (size_t i = 0; i < images_.size(); ++i) AddImage(images_[i], i + 1 < images_.size() ? images_[i + 1].begin : end);
  Add(end, 0);
  block_ = end;
  if (images_.size() > 1) images_.erase(images_.begin(), images_.end() - 1);
  return stretches_;
}

// What lies before the image, the rest of a group that the block's start cut, and the image's whole groups.
void Stretches::AddImage(const Image& image, int64_t until) {
  const int64_t end = std::min(image.end, until);
  Add(std::min(image.begin, until), 0);
  if (block_ > image.begin) Add(std::min(block_ + (group_ - (block_ - image.begin) % group_) % group_, end), 0);
  Add(end, image.row);
}

// From where the last stretch ended up to `end` of the stream.
void Stretches::Add(int64_t end, size_t row) {
  const size_t begin = stretches_.empty() ? 0 : stretches_.back().end;
  const auto until = static_cast<size_t>(std::max(end - block_, static_cast<int64_t>(begin)));
  if (until > begin) stretches_.push_back({begin, until, row});
}

}  // namespace millrace
