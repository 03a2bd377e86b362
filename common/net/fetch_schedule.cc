#include "common/net/fetch_schedule.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr double kMostRetries = 100;  // a host that was well for a day does not get a day's worth of repetitions

}  // namespace

FetchSchedule::Host& FetchSchedule::Find(absl::string_view origin) {
  std::unique_ptr<Host>& host = hosts_[origin];
  if (host == nullptr) {
    host = std::make_unique<Host>(std::string(origin));
    host->window = std::min(limits_.unproven_window, limits_.max_per_host);
    host->slow_start_until = limits_.max_per_host;
  }
  return *host;
}

void FetchSchedule::Add(JobId job, absl::string_view origin) {
  Host& host = Find(origin);
  host.queue.push_back(job);
  host.retries = std::min(host.retries + limits_.retry_ratio, kMostRetries);
  Queue(host);
}

void FetchSchedule::AddFirst(JobId job, absl::string_view origin) {
  Host& host = Find(origin);
  host.queue.push_front(job);
  Queue(host);
}

void FetchSchedule::AddLater(JobId job, absl::string_view origin, Time when) { PushLater(Find(origin), job, when); }

void FetchSchedule::PushLater(Host& host, JobId job, Time when) {
  ++host.later;
  later_.push({when, {job, &host}});
}

void FetchSchedule::Queue(Host& host) {
  if (host.in_turn || host.queue.empty()) return;
  host.in_turn = true;
  turns_.push_back(&host);
}

void FetchSchedule::MoveDue(Time now) {
  while (!later_.empty() && later_.top().first <= now) {
    const auto [job, host] = later_.top().second;
    later_.pop();
    --host->later;
    if (job != 0) host->queue.push_front(job);
    Queue(*host);
  }
}

bool FetchSchedule::IsDown(const Host& host, Time now) const {
  return host.failures_in_row >= limits_.down_after_failures && now - host.first_failure >= limits_.down_after;
}

std::optional<FetchSchedule::Turn> FetchSchedule::Next(Time now) {
  MoveDue(now);
  while (!turns_.empty() && in_flight_ < limits_.max_in_flight) {
    Host& host = *turns_.front();
    turns_.pop_front();
    host.in_turn = false;
    const bool place = host.in_flight < static_cast<int>(host.window) && now >= host.paused_until;
    // Without a place it comes back into turns_ when a request of it ends, or when its pause does.
    if (host.queue.empty() || (!place && host.doomed == 0)) continue;
    const Turn turn{host.queue.front(), host.origin, host.doomed > 0};
    host.queue.pop_front();
    Queue(host);
    if (turn.host_down) {
      --host.doomed;
    } else {
      ++host.in_flight;
      ++in_flight_;
    }
    return turn;
  }
  return std::nullopt;
}

void FetchSchedule::Pause(absl::string_view origin, Time until) {
  Host& host = Find(origin);
  if (until <= host.paused_until) return;
  host.paused_until = until;
  PushLater(host, 0, until);
}

bool FetchSchedule::TakeRetry(absl::string_view origin) {
  Host& host = Find(origin);
  if (host.retries < 1) return false;
  host.retries -= 1;
  return true;
}

void FetchSchedule::Ended(absl::string_view origin, HostAnswer answer, Time began, Time now) {
  Host& host = Find(origin);
  --host.in_flight;
  --in_flight_;
  if (answer == HostAnswer::kAnswered || answer == HostAnswer::kOverloaded) {
    host.failures_in_row = 0;
    host.answered = true;
  }
  if (answer == HostAnswer::kAnswered) Grow(host);
  if (answer == HostAnswer::kOverloaded) Shrink(host, began, now);
  if (answer == HostAnswer::kUnreachable) CountFailure(host, began, now);
  Queue(host);
  ForgetIdleHosts(now);
}

void FetchSchedule::Grow(Host& host) {
  host.window += host.window < host.slow_start_until ? 1 : 1 / host.window;
  host.window = std::min<double>(host.window, limits_.max_per_host);
}

// Requests that were on their way when the window was cut say nothing new.
void FetchSchedule::Shrink(Host& host, Time began, Time now) {
  if (began < host.window_cut_at) return;
  host.window_cut_at = now;
  host.window = std::max(1.0, host.window / 2);
  host.slow_start_until = host.window;
}

void FetchSchedule::CountFailure(Host& host, Time began, Time now) {
  if (host.failures_in_row > 0 && began - host.last_failure > limits_.down_after) host.failures_in_row = 0;
  if (host.failures_in_row++ == 0) host.first_failure = began;
  host.last_failure = now;
  if (!IsDown(host, now)) return;
  host.window = 1;
  host.slow_start_until = limits_.max_per_host;
  host.doomed = host.queue.size();
  Pause(host.origin, now + limits_.probe_interval);
}

// A list of millions of hosts must not stay in memory: who is asked nothing now is forgotten now and then.
void FetchSchedule::ForgetIdleHosts(Time now) {
  if (hosts_.size() < most_hosts_) return;
  absl::erase_if(hosts_, [&](const auto& entry) {
    const Host& host = *entry.second;
    return host.queue.empty() && !host.in_turn && host.in_flight == 0 && host.later == 0 && now >= host.paused_until;
  });
  most_hosts_ = std::max<size_t>(4096, 2 * hosts_.size());
}

std::optional<FetchSchedule::Time> FetchSchedule::NextTime(Time now) {
  MoveDue(now);
  if (later_.empty()) return std::nullopt;
  return later_.top().first;
}

}  // namespace millrace
