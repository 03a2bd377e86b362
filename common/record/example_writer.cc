#include "common/record/example_writer.h"

#include <cstring>

#include "common/io/crc32c.h"

namespace millrace {
namespace {

constexpr size_t kFrameHeader = sizeof(uint64_t) + sizeof(uint32_t);

// Tags of tf.train.Example, all length-delimited: (field number << 3 | 2).
constexpr char kField1 =
    0x0a;  // Example.features, Features.feature, entry key, Feature.bytes_list, BytesList/Int64List.value
constexpr char kField2 = 0x12;  // entry value
constexpr char kField3 = 0x1a;  // Feature.int64_list

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 128; value >>= 7) ++size;
  return size;
}

void PutVarint(uint64_t value, std::string& out) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

// Of a length-delimited field with `size` bytes inside (one-byte tag).
uint64_t FieldSize(uint64_t size) { return 1 + VarintSize(size) + size; }

void PutFieldHead(char tag, uint64_t size, std::string& out) {
  out.push_back(tag);
  PutVarint(size, out);
}

// One entry of Features.feature up to where the value's bytes go: key, Feature{list{value}}. `list_tag` tells the kind.
void PutFeatureHead(absl::string_view name, char list_tag, uint64_t value_size, std::string& out) {
  const uint64_t list = FieldSize(value_size);
  const uint64_t feature = FieldSize(list);
  PutFieldHead(kField1, FieldSize(name.size()) + FieldSize(feature), out);
  PutFieldHead(kField1, name.size(), out);
  out.append(name.data(), name.size());
  PutFieldHead(kField2, feature, out);
  PutFieldHead(list_tag, list, out);
  PutFieldHead(kField1, value_size, out);
}

void PutBytesFeature(absl::string_view name, absl::string_view value, std::string& out) {
  PutFeatureHead(name, kField1, value.size(), out);
  out.append(value.data(), value.size());
}

void PutIntFeature(absl::string_view name, int64_t value, std::string& out) {
  PutFeatureHead(name, kField3, VarintSize(static_cast<uint64_t>(value)), out);
  PutVarint(static_cast<uint64_t>(value), out);
}

}  // namespace

void RecordShell::Reset(uint64_t image_size, const ExampleFields& fields) {
  image_size_ = image_size;
  tail_.clear();
  PutBytesFeature("image_name", fields.image_name, tail_);
  PutIntFeature("image_height", fields.height, tail_);
  PutIntFeature("image_width", fields.width, tail_);
  PutIntFeature("image_channels", fields.channels, tail_);
  PutBytesFeature("split", fields.split, tail_);
  PutIntFeature("label", fields.label, tail_);

  const uint64_t image_entry = FieldSize(FieldSize(sizeof "image" - 1) + FieldSize(FieldSize(FieldSize(image_size))));
  head_.assign(kFrameHeader, '\0');
  PutFieldHead(kField1, image_entry + tail_.size(), head_);
  PutFeatureHead("image", kField1, image_size, head_);

  const uint64_t length = head_.size() - kFrameHeader + image_size + tail_.size();
  std::memcpy(head_.data(), &length, sizeof length);
  const uint32_t crc = MaskCrc32c(Crc32c(absl::string_view(head_.data(), sizeof length)));
  std::memcpy(head_.data() + sizeof length, &crc, sizeof crc);
}

uint32_t RecordShell::crc_of_head() const { return Crc32c(absl::string_view(head_).substr(kFrameHeader)); }

}  // namespace millrace
