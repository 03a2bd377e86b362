#include "common/record/feature_entry.h"

#include <cstring>

namespace millrace {
namespace {

// Tags, all length-delimited: (field number << 3 | 2).
constexpr char kField1 = 0x0a;  // Features.feature, entry key, Feature.bytes_list, BytesList/FloatList/Int64List.value
constexpr char kField2 = 0x12;  // entry value, Feature.float_list
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

// key, Feature{list{value}} up to where the value's bytes go. `list_tag` tells the kind.
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

}  // namespace

void AppendBytesFeatureHead(absl::string_view name, uint64_t value_size, std::string& out) {
  PutFeatureHead(name, kField1, value_size, out);
}

void AppendBytesFeature(absl::string_view name, absl::string_view value, std::string& out) {
  PutFeatureHead(name, kField1, value.size(), out);
  out.append(value.data(), value.size());
}

void AppendFloatFeature(absl::string_view name, float value, std::string& out) {
  PutFeatureHead(name, kField2, sizeof value, out);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);  // little-endian machines only, as everything here
  out.append(bytes, sizeof bytes);
}

void AppendIntFeature(absl::string_view name, int64_t value, std::string& out) {
  AppendIntListFeature(name, absl::MakeConstSpan(&value, 1), out);
}

void AppendIntListFeature(absl::string_view name, absl::Span<const int64_t> values, std::string& out) {
  size_t size = 0;
  for (int64_t value : values) size += VarintSize(static_cast<uint64_t>(value));
  PutFeatureHead(name, kField3, size, out);
  for (int64_t value : values) PutVarint(static_cast<uint64_t>(value), out);
}

uint64_t BytesFeatureSize(uint64_t name_size, uint64_t value_size) {
  return FieldSize(FieldSize(name_size) + FieldSize(FieldSize(FieldSize(value_size))));
}

void AppendFieldOne(uint64_t size, std::string& out) { PutFieldHead(kField1, size, out); }

}  // namespace millrace
