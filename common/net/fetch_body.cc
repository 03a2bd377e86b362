#include "common/net/fetch_body.h"

#include <algorithm>
#include <utility>

#include "common/net/http_headers.h"

namespace millrace {
namespace {

constexpr int64_t kFirstBytes = 64 << 10;     // when the length is not said
constexpr int64_t kUnwantedBytes = 64 << 10;  // of an error page: reading it keeps the connection

}  // namespace

void FetchBody::Begin(FetchState* state) {
  state_ = state;
  bytes_ = std::string();
  head_checked_ = false;
  received_ = needed_bytes_ = 0;
  robots_word_.clear();
  end_ = End::kNot;
}

bool FetchBody::IsWanted() const { return IsPictureStatus(transfer_->status()); }

FetchBody::Verdict FetchBody::Stop(End end) {
  end_ = end;
  bytes_ = std::string();
  return Verdict::kAbort;
}

void FetchBody::CheckHead() {
  if (std::exchange(head_checked_, true) || !IsWanted()) return;
  if (options_.respect_robots) robots_word_ = ForbiddingRobotsWord(transfer_->Headers("X-Robots-Tag"), "millrace");
  if (!robots_word_.empty()) {
    end_ = End::kRobots;
  } else if (transfer_->content_length() > state_->request.max_bytes) {
    needed_bytes_ = transfer_->content_length();
    end_ = End::kTooLarge;
  }
}

// Makes room for `needed` bytes in all.
bool FetchBody::Grow(int64_t needed) {
  const auto capacity = static_cast<int64_t>(bytes_.capacity());
  if (needed <= capacity && needed <= needed_bytes_) return true;
  const int64_t said = transfer_->content_length();
  needed_bytes_ =
      std::max(needed, said > 0 ? said : std::min(std::max(kFirstBytes, 2 * needed_bytes_), state_->request.max_bytes));
  if (!state_->Reserve(needed_bytes_)) return false;
  bytes_.reserve(static_cast<size_t>(needed_bytes_));
  return true;
}

FetchBody::Verdict FetchBody::OnBody(absl::string_view bytes) {
  CheckHead();
  if (end_ != End::kNot) return Stop(end_);
  received_ += static_cast<int64_t>(bytes.size());
  if (!IsWanted()) return received_ > kUnwantedBytes ? Stop(End::kUnwanted) : Verdict::kGoOn;
  if (received_ > state_->request.max_bytes) return Stop(End::kTooLarge);
  if (!Grow(received_)) return Stop(End::kNoMemory);
  bytes_.append(bytes.data(), bytes.size());
  return Verdict::kGoOn;
}

}  // namespace millrace
