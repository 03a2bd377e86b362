#include "common/net/fetch_state.h"

namespace millrace {
namespace {

constexpr uint32_t kReady = 1;

}  // namespace

bool FetchInbox::Start(std::shared_ptr<FetchState> state) {
  MutexLock lock(&mu_);
  if (mail_.closed) return false;
  mail_.started.push_back(std::move(state));
  WakeIfAsleep();
  return true;
}

void FetchInbox::Drop(std::shared_ptr<FetchState> state) {
  MutexLock lock(&mu_);
  if (mail_.closed) return;
  mail_.dropped.push_back(std::move(state));
  WakeIfAsleep();
}

FetchInbox::Mail FetchInbox::Take() {
  MutexLock lock(&mu_);
  awake_ = false;
  Mail mail;
  mail.closed = mail_.closed;
  mail.started.swap(mail_.started);
  mail.dropped.swap(mail_.dropped);
  return mail;
}

void FetchInbox::Close() {
  MutexLock lock(&mu_);
  mail_.closed = true;
  WakeIfAsleep();
  wake_ = nullptr;
}

void FetchInbox::WakeIfAsleep() {
  if (!awake_) wake_();
  awake_ = true;
}

bool FetchState::Reserve(int64_t bytes) {
  MutexLock lock(&mu);
  return !dropped && (request.reserve == nullptr || request.reserve(bytes));
}

void FetchState::Finish(FetchResult value) {
  MutexLock lock(&mu);
  if (dropped) return;
  result = std::move(value);
  signal.fetch_or(kReady, std::memory_order_release);
  signal.notify_all();
  if (request.on_ready != nullptr) request.on_ready();
}

bool FetchState::Wait(const std::stop_token& stop) {
  std::stop_callback wake(stop, [this] {
    signal.fetch_add(2);
    signal.notify_all();
  });
  for (;;) {
    const uint32_t seen = signal.load(std::memory_order_acquire);
    if ((seen & kReady) != 0) return true;
    if (stop.stop_requested()) return false;
    signal.wait(seen);
  }
}

void FetchState::Drop() {
  MutexLock lock(&mu);
  dropped = true;
}

FetchTicket& FetchTicket::operator=(FetchTicket&& other) noexcept {
  if (this != &other) {
    Reset();
    state_ = std::move(other.state_);
  }
  return *this;
}

bool FetchTicket::ready() const { return (state_->signal.load(std::memory_order_acquire) & kReady) != 0; }

bool FetchTicket::Wait(std::stop_token stop) const { return state_->Wait(stop); }

FetchResult FetchTicket::Take() {
  FetchResult result = std::move(state_->result);
  state_.reset();
  return result;
}

void FetchTicket::Reset() {
  if (state_ == nullptr) return;
  if (!ready()) {
    state_->Drop();
    std::shared_ptr<FetchInbox> inbox = state_->inbox;
    inbox->Drop(std::move(state_));
  }
  state_.reset();
}

}  // namespace millrace
