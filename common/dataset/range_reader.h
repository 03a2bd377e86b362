// The records of several ranges of shards, one after another. Internal to common/dataset.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/dataset/dataset.h"
#include "common/dataset/sample.h"
#include "common/dataset/shard_reader.h"
#include "common/io/byte_buffer.h"
#include "common/storage/storage.h"

namespace millrace {

// One thread at a time. A shard that is read to its end must be whole: its gzip member, its number of records. One that
// is left earlier is checked as far as it was read; records before a range are read and checked too, since a gzip
// member has no other way in.
class RangeReader {
 public:
  // Borrows `store` and `dataset`.
  RangeReader(const Store& store, const Dataset& dataset, std::vector<ShardRange> ranges)
      : store_(store), dataset_(dataset), ranges_(std::move(ranges)) {}

  // The next record into `record`; false behind the last one. Errors name file, record and byte, and stick.
  absl::StatusOr<bool> Next(ByteBuffer& record);

  // Sets the place of the record that Next gave.
  void Place(Sample& sample) const;

 private:
  absl::StatusOr<bool> ReadNext(ByteBuffer& record);
  absl::StatusOr<bool> ReadInShard(ByteBuffer& record);
  absl::Status OpenShard();
  absl::Status CheckEnd() const;
  absl::Status InShard(const absl::Status& status) const;
  const DatasetShard& description() const { return dataset_.shards[ranges_[range_].shard]; }

  const Store& store_;
  const Dataset& dataset_;
  const std::vector<ShardRange> ranges_;
  size_t range_ = 0;
  std::unique_ptr<ShardReader> open_;  // of ranges_[range_]
  int64_t record_ = 0;
  int64_t offset_ = 0;
  absl::Status status_;
};

// "FOLDER/train-00000-of-00004.tfrecord.gz: record 12 at byte 3,456: " before the words of an error in what that record
// says.
absl::Status AtRecord(const absl::Status& status, const Dataset& dataset, const Sample& place);

}  // namespace millrace
