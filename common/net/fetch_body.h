// FetchBody: receives the body of one answer, within what its request allows. Inside common/net only.
#pragma once

#include <cstdint>
#include <string>

#include "common/net/curl_transfer.h"
#include "common/net/fetch_state.h"

namespace millrace {

// Belongs to the fetcher's thread.
class FetchBody : public CurlTransfer::Receiver {
 public:
  // Why it ended the transfer by itself.
  enum class End { kNot, kTooLarge, kNoMemory, kRobots, kUnwanted };

  explicit FetchBody(const HttpOptions& options) : options_(options) {}
  void Attach(const CurlTransfer* transfer) { transfer_ = transfer; }
  // For a new answer; `state` outlives it.
  void Begin(FetchState* state);
  Verdict OnBody(absl::string_view bytes) override;
  // What must also be looked at when no byte of a body came. Called at the end.
  void CheckHead();

  End end() const { return end_; }
  const std::string& robots_word() const { return robots_word_; }
  int64_t needed_bytes() const { return needed_bytes_; }
  int64_t received_bytes() const { return received_; }
  std::string Take() { return std::move(bytes_); }

 private:
  bool IsWanted() const;
  bool Grow(int64_t needed);
  Verdict Stop(End end);

  const HttpOptions& options_;
  const CurlTransfer* transfer_ = nullptr;
  FetchState* state_ = nullptr;
  std::string bytes_;
  bool head_checked_ = false;
  int64_t received_ = 0;
  int64_t needed_bytes_ = 0;
  std::string robots_word_;
  End end_ = End::kNot;
};

// Whether the answer has the picture.
inline bool IsPictureStatus(int status) { return status == 200 || status == 203; }

}  // namespace millrace
