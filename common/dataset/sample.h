// One record as training and inspection want it: pixels, and what else it says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/io/byte_buffer.h"

namespace millrace {

// A feature beside those of every image record, with all its values.
struct ExtraFeature {
  std::string name;
  std::variant<std::monostate, std::vector<std::string>, std::vector<float>, std::vector<int64_t>> values;
};

// Reused from record to record: its buffers keep their room.
struct Sample {
  ByteBuffer pixels;  // height × width × channels bytes, rows from the top, RGB or gray; empty if not asked for
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;          // 1 or 3
  std::optional<int64_t> label;  // −1: not in the vocabulary. Nothing: the records have no single 'label'
  std::string image_name;
  std::string split;                // "TRAIN"; empty if the records do not say
  std::vector<ExtraFeature> extra;  // in the record's order

  // Where it comes from: position in Dataset::shards, record of that shard from 0, byte of the uncompressed stream.
  size_t shard = 0;
  int64_t record = 0;
  int64_t offset = 0;

  const ExtraFeature* Find(absl::string_view name) const {
    for (const ExtraFeature& feature : extra)
      if (feature.name == name) return &feature;
    return nullptr;
  }
};

}  // namespace millrace
