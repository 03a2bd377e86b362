#include "common/dataset/range_reader.h"

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"

namespace millrace {

absl::StatusOr<bool> RangeReader::Next(ByteBuffer& record) {
  MILLRACE_RETURN_IF_ERROR(status_);
  absl::StatusOr<bool> more = ReadNext(record);
  status_ = more.status();
  return more;
}

absl::StatusOr<bool> RangeReader::ReadNext(ByteBuffer& record) {
  for (; range_ < ranges_.size(); ++range_) {
    const absl::StatusOr<bool> more = ReadInShard(record);
    if (!more.ok()) return InShard(more.status());
    if (*more) return true;
    open_.reset();
  }
  return false;
}

absl::StatusOr<bool> RangeReader::ReadInShard(ByteBuffer& record) {
  if (open_ == nullptr) MILLRACE_RETURN_IF_ERROR(OpenShard());
  const ShardRange& range = ranges_[range_];
  const bool to_the_end = range.end >= description().rows.value_or(ShardRange::kToTheEnd);
  while (to_the_end || open_->records() < range.end) {
    record_ = open_->records();
    offset_ = open_->offset();
    MILLRACE_ASSIGN_OR_RETURN(const bool more, open_->Next(record));
    if (!more) {
      MILLRACE_RETURN_IF_ERROR(CheckEnd());
      return false;
    }
    if (record_ >= range.begin) return true;
  }
  return false;
}

absl::Status RangeReader::OpenShard() {
  const DatasetShard& shard = description();
  MILLRACE_ASSIGN_OR_RETURN(
      open_, ShardReader::Open(store_, absl::StrCat(dataset_.folder, "/", shard.path), FileDigest::kNone));
  const int64_t size = open_->file().size();
  if (!shard.bytes.has_value() || size == *shard.bytes) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("it has ", WithThousands(size), " bytes, the manifest says ", WithThousands(*shard.bytes)));
}

absl::Status RangeReader::CheckEnd() const {
  const std::optional<int64_t>& rows = description().rows;
  const int64_t found = open_->records();
  if (rows.has_value() ? found == *rows : found >= ranges_[range_].begin) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("it has ", WithThousands(found), " records, ",
                                          rows.has_value() ? "the manifest says " : "and is to be read from ",
                                          WithThousands(rows.value_or(ranges_[range_].begin))));
}

absl::Status RangeReader::InShard(const absl::Status& status) const {
  const std::string path = absl::StrCat(dataset_.folder, "/", description().path);
  // A store's errors name the path themselves.
  return absl::IsDataLoss(status) ? Annotate(status, path) : status;
}

void RangeReader::Place(Sample& sample) const {
  sample.shard = ranges_[range_].shard;
  sample.record = record_;
  sample.offset = offset_;
}

absl::Status AtRecord(const absl::Status& status, const Dataset& dataset, const Sample& place) {
  if (status.ok()) return status;
  return Annotate(status, absl::StrCat(dataset.folder, "/", dataset.shards[place.shard].path, ": record ", place.record,
                                       " at byte ", WithThousands(place.offset)));
}

}  // namespace millrace
