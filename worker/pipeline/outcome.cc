#include "worker/pipeline/outcome.h"

#include <algorithm>
#include <cstring>

#include "common/dataset/reasons.h"
#include "common/net/http_uri.h"

namespace millrace {
namespace {

constexpr int kFirstBadRows = 5;

}  // namespace

void ShardOutcome::AddWritten(const RowSlot& slot, absl::Span<const int64_t> labels) {
  const ImageHeader& header = slot.header;
  const bool first = statistics_.rows() == 0;
  ShardStatistics& all = statistics_;
  all.set_min_width(first ? header.width : std::min(all.min_width(), header.width));
  all.set_max_width(first ? header.width : std::max(all.max_width(), header.width));
  all.set_min_height(first ? header.height : std::min(all.min_height(), header.height));
  all.set_max_height(first ? header.height : std::max(all.max_height(), header.height));
  all.set_rows(all.rows() + 1);
  all.set_source_bytes(all.source_bytes() + slot.file_bytes);
  all.set_pixels(all.pixels() + header.pixels());
  all.set_grayscale(all.grayscale() + (header.channels == 1 ? 1 : 0));
  bool known = false;
  for (int64_t label : labels) {
    if (label < 0) continue;
    ++(*all.mutable_labels())[label];
    known = true;
  }
  if (!known) ++(*all.mutable_labels())[-1];
  if (const auto* place = std::get_if<ImagePlace>(&slot.place); place != nullptr && place->remote) ++remote_;
  counts_.set_rows(counts_.rows() + 1);
  counts_.set_written(counts_.written() + 1);
  Hash(slot.row.ordinal, 1, slot.source_hash);
}

BadRow ShardOutcome::AddBad(const RowSlot& slot, absl::string_view input_file) {
  const std::string reason(slot.error->reason);
  BadRow bad;
  bad.set_input(std::string(input_file));
  bad.set_row(slot.row.row);
  bad.set_line(slot.row.line);
  bad.set_uri(slot.row.uri);
  bad.set_reason(reason);
  bad.set_detail(slot.error->detail);
  if (first_bad_rows_.size() < kFirstBadRows) {
    first_bad_rows_.push_back(bad);  // these leave for logs, screens and the journal; the dead letter stays whole
    first_bad_rows_.back().set_uri(RedactUri(bad.uri()));
  }
  ++reasons_[reason];
  if (IsEnvironmental(reason)) ++environmental_;
  counts_.set_rows(counts_.rows() + 1);
  counts_.set_dead_letters(counts_.dead_letters() + 1);
  Hash(slot.row.ordinal, 0, reason);
  return bad;
}

void ShardOutcome::Hash(int64_t ordinal, char kind, absl::string_view word) {
  char head[sizeof ordinal + 1];
  std::memcpy(head, &ordinal, sizeof ordinal);
  head[sizeof ordinal] = kind;
  hash_.Update(absl::string_view(head, sizeof head));
  hash_.Update(word);
  if (kind == 0) hash_.Update(absl::string_view("\0", 1));
}

void ShardOutcome::FillResult(int64_t record_bytes, WriteResult& result) const {
  *result.mutable_counts() = counts_;
  *result.mutable_statistics() = statistics_;
  result.mutable_statistics()->set_record_bytes(record_bytes);
  result.set_environmental(environmental_);
  result.set_remote(remote_);
  result.set_outcomes_hash(hash_.Digest());
  for (const BadRow& bad : first_bad_rows_) *result.add_first_bad_rows() = bad;
  for (const auto& [reason, rows] : reasons_) {
    ReasonCount& count = *result.add_reasons();
    count.set_reason(reason);
    count.set_rows(rows);
  }
}

}  // namespace millrace
