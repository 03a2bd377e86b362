#include "coordinator/engine/state/planner.h"

#include <algorithm>
#include <cmath>

#include "common/base/byte_size.h"

namespace millrace {
namespace {

constexpr double kUnknownRowBytes = 350e3;  // an image of about 300 x 300 as base64 of raw pixels
constexpr int64_t kDefaultShardSize = 128 * kMiB;
constexpr int64_t kDefaultBadRows = 10;
constexpr double kDefaultBadFraction = 0.10;

}  // namespace

int64_t NumShards(const ConvertSpec& spec, const SplitPlan& split) {
  if (split.rows() <= 0) return 0;
  if (spec.num_shards() > 0) return std::min(spec.num_shards(), split.rows());
  const double row_bytes = split.sampled_rows() > 0
                               ? static_cast<double>(split.sampled_bytes()) / static_cast<double>(split.sampled_rows())
                               : kUnknownRowBytes;
  const int64_t size = spec.shard_size_bytes() > 0 ? spec.shard_size_bytes() : kDefaultShardSize;
  const double shards = std::ceil(static_cast<double>(split.rows()) * row_bytes / static_cast<double>(size));
  return static_cast<int64_t>(std::clamp(shards, 1.0, static_cast<double>(split.rows())));
}

std::vector<WriteWork> Plan(const ConvertSpec& spec, const ScanResult& scan) {
  std::vector<WriteWork> plan;
  for (const SplitPlan& split : scan.splits()) {
    const int64_t shards = NumShards(spec, split);
    for (int64_t i = 0; i < shards; ++i) {
      WriteWork& work = plan.emplace_back();
      work.set_split(split.split());
      work.set_shard(static_cast<uint32_t>(i));
      work.set_num_shards(static_cast<uint32_t>(shards));
      work.set_begin(i * split.rows() / shards);
      work.set_end((i + 1) * split.rows() / shards);
      work.set_split_rows(split.rows());
      work.set_scan_dir(scan.scan_dir());
      work.set_encoding_version(scan.encoding_version());
    }
  }
  return plan;
}

bool TooManyBadRows(const ConvertSpec& spec, int64_t dead_letters, int64_t rows) {
  const int64_t number = spec.has_max_bad_rows() ? spec.max_bad_rows() : kDefaultBadRows;
  const double fraction = spec.has_max_bad_fraction() ? spec.max_bad_fraction() : kDefaultBadFraction;
  const bool above_number = dead_letters > number;
  const bool above_fraction = static_cast<double>(dead_letters) > fraction * static_cast<double>(rows);
  if (spec.has_max_bad_rows() == spec.has_max_bad_fraction()) return above_number && above_fraction;
  return spec.has_max_bad_rows() ? above_number : above_fraction;
}

}  // namespace millrace
