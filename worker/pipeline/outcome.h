// ShardOutcome: what became of the rows of one shard: counts, statistics, the hash that two attempts must agree on, and
// the first bad rows for people.
//
// The hash is the XXH3-128 over all rows in order, each as: ordinal (u64, little-endian), a byte 1 and the XXH3-128 of
// the source bytes, or a byte 0, the reason and a zero byte. Equal hash, other bytes: a bug of ours.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/base/hash.h"
#include "proto/task.pb.h"
#include "worker/pipeline/row_slot.h"

namespace millrace {

// One attempt, one thread.
class ShardOutcome {
 public:
  // `labels`: ids of its record; a record without a known one counts as unlabelled, once.
  void AddWritten(const RowSlot& slot, absl::Span<const int64_t> labels);
  // `input_file`: path of the CSV that the row stands in. Returns the row as its dead letter says it.
  BadRow AddBad(const RowSlot& slot, absl::string_view input_file);

  const RowCounts& counts() const { return counts_; }
  int64_t source_bytes() const { return statistics_.source_bytes(); }
  // All of `result` but the shard and the dead-letter file. `record_bytes`: before compression.
  void FillResult(int64_t record_bytes, WriteResult& result) const;

 private:
  void Hash(int64_t ordinal, char kind, absl::string_view word);

  RowCounts counts_;
  ShardStatistics statistics_;
  std::map<std::string, int64_t> reasons_;
  std::vector<BadRow> first_bad_rows_;
  int64_t environmental_ = 0;
  int64_t remote_ = 0;  // from the network
  Xxh3 hash_;
};

}  // namespace millrace
