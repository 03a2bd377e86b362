#include "worker/pipeline/row_feed.h"

#include <utility>

#include "common/base/status_macros.h"

namespace millrace {
namespace {

constexpr size_t kRowsAhead = 256;

}  // namespace

bool RowFeed::Ahead::remote() const {
  const auto* found = std::get_if<ImagePlace>(&place);
  return found != nullptr && found->remote;
}

absl::Status RowFeed::Next(RowSlot& slot) {
  MILLRACE_RETURN_IF_ERROR(ReadAhead());
  StartFetches();
  Ahead& next = ahead_.front();
  if (next.remote()) --remote_;
  slot.row = std::move(next.row);
  slot.place = std::move(next.place);
  slot.fetch = std::move(next.fetch);
  ahead_.pop_front();
  if (started_ > 0) --started_;
  return absl::OkStatus();
}

absl::Status RowFeed::ReadAhead() {
  while (read_ < end_ && (ahead_.empty() || (remote_ > 0 && ahead_.size() < kRowsAhead))) {
    Ahead& row = ahead_.emplace_back();
    MILLRACE_RETURN_IF_ERROR(read_row_(read_, row.row));
    ++read_;
    row.place = resolve_(row.row);
    if (row.remote()) ++remote_;
  }
  return absl::OkStatus();
}

void RowFeed::StartFetches() {
  const int64_t half = budget_.total() / 2;
  for (; started_ < ahead_.size(); ++started_) {
    Ahead& row = ahead_[started_];
    if (fetcher_ == nullptr || !row.remote()) continue;
    if (budget_.in_use() > half) return;
    row.fetch = std::make_unique<RowFetch>(*fetcher_, std::get<ImagePlace>(row.place).path, max_bytes_, budget_, half);
  }
}

void RowFeed::LetGo() {
  for (Ahead& row : ahead_) row.fetch.reset();
  started_ = 0;
}

}  // namespace millrace
