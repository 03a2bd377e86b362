#include "common/record/example_writer.h"

#include <cstring>

#include "common/io/crc32c.h"
#include "common/record/feature_entry.h"

namespace millrace {
namespace {

constexpr size_t kFrameHeader = sizeof(uint64_t) + sizeof(uint32_t);

}  // namespace

void RecordShell::Reset(uint64_t image_size, const ExampleFields& fields) {
  image_size_ = image_size;
  tail_.clear();
  AppendBytesFeature("image_name", fields.image_name, tail_);
  AppendIntFeature("image_height", fields.height, tail_);
  AppendIntFeature("image_width", fields.width, tail_);
  AppendIntFeature("image_channels", fields.channels, tail_);
  AppendBytesFeature("split", fields.split, tail_);
  if (fields.labels.has_value()) {
    AppendIntListFeature(fields.label_name, *fields.labels, tail_);
  } else if (!fields.label_name.empty()) {
    AppendIntFeature(fields.label_name, fields.label, tail_);
  }
  tail_.append(fields.more.data(), fields.more.size());

  constexpr absl::string_view kImage = "image";
  head_.assign(kFrameHeader, '\0');
  AppendFieldOne(BytesFeatureSize(kImage.size(), image_size) + tail_.size(), head_);
  AppendBytesFeatureHead(kImage, image_size, head_);

  const uint64_t length = head_.size() - kFrameHeader + image_size + tail_.size();
  std::memcpy(head_.data(), &length, sizeof length);
  const uint32_t crc = MaskCrc32c(Crc32c(absl::string_view(head_.data(), sizeof length)));
  std::memcpy(head_.data() + sizeof length, &crc, sizeof crc);
}

uint32_t RecordShell::crc_of_head() const { return Crc32c(absl::string_view(head_).substr(kFrameHeader)); }

}  // namespace millrace
