// Serialised entries of tf.train.Features.feature: what a record consists of behind its image. Appending one to a
// serialised Features adds the feature to it. Encoding: protobuf.dev/programming-guides/encoding.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace {

void AppendBytesFeature(absl::string_view name, absl::string_view value, std::string& out);
void AppendFloatFeature(absl::string_view name, float value, std::string& out);
void AppendIntFeature(absl::string_view name, int64_t value, std::string& out);
// Any number of values, packed; an Int64List without a value is still one.
void AppendIntListFeature(absl::string_view name, absl::Span<const int64_t> values, std::string& out);

// An entry of a bytes feature up to where its `value_size` bytes go.
void AppendBytesFeatureHead(absl::string_view name, uint64_t value_size, std::string& out);
// Of a whole entry of a bytes feature.
uint64_t BytesFeatureSize(uint64_t name_size, uint64_t value_size);
// Tag and length of a length-delimited field 1.
void AppendFieldOne(uint64_t size, std::string& out);

}  // namespace millrace
