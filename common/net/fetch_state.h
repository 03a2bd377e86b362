// What a ticket and the fetcher's thread share. Inside common/net only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/net/http_fetcher.h"

namespace millrace {

// The letter box of the fetcher's thread: what was started and what was dropped since it last looked. Thread-safe.
class FetchInbox {
 public:
  using States = std::vector<std::shared_ptr<FetchState>>;
  struct Mail {
    States started;
    States dropped;
    bool closed = false;
  };

  explicit FetchInbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  // False: closed, nobody will look at it any more.
  bool Start(std::shared_ptr<FetchState> state);
  void Drop(std::shared_ptr<FetchState> state);
  Mail Take();
  // Wakes the thread for the last time.
  void Close();

 private:
  void WakeIfAsleep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Mutex mu_;
  std::function<void()> wake_ ABSL_GUARDED_BY(mu_);
  bool awake_ ABSL_GUARDED_BY(mu_) = false;  // it has been woken and has not taken its mail yet
  Mail mail_ ABSL_GUARDED_BY(mu_);
};

struct FetchState {
  FetchState(FetchRequest r, std::shared_ptr<FetchInbox> box) : request(std::move(r)), inbox(std::move(box)) {}

  // Of the fetcher's thread.
  bool Reserve(int64_t bytes);
  void Finish(FetchResult value);
  // Of the ticket's owner.
  bool Wait(const std::stop_token& stop);
  void Drop();

  const FetchRequest request;
  const std::shared_ptr<FetchInbox> inbox;
  // Bit 0: ready, and `result` belongs to the ticket. The rest changes to wake who waits.
  std::atomic<uint32_t> signal{0};
  FetchResult result;
  Mutex mu;  // held during callbacks, so that none runs once Drop() has returned
  bool dropped ABSL_GUARDED_BY(mu) = false;
};

}  // namespace millrace
