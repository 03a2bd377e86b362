#include "common/net/fetch_loop.h"

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/byte_size.h"
#include "common/net/fetch_policy.h"
#include "common/net/http_headers.h"

namespace millrace {
namespace {

using Outcome = FetchResult::Outcome;

FetchSchedule::Time Now() {
  return absl::FromChrono(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()));
}

FetchSchedule::Limits LimitsOf(const HttpOptions& options) {
  FetchSchedule::Limits limits;
  limits.max_in_flight = options.max_in_flight;
  limits.max_per_host = options.max_per_host;
  limits.retry_ratio = options.retry_ratio;
  return limits;
}

void* NewMulti(const HttpOptions& options) {
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_in_flight) + 32);
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(options.max_per_host));
  return multi;
}

HostAnswer AnswerOf(int status, const TransferError& error) {
  if (status == 429 || status == 503) return HostAnswer::kOverloaded;
  if (status != 0) return HostAnswer::kAnswered;
  switch (error.reason) {
    case FetchReason::kDns:
    case FetchReason::kConnect:
    case FetchReason::kTimeout:
    case FetchReason::kTooSlow:
      return HostAnswer::kUnreachable;
    default:
      return HostAnswer::kNone;
  }
}

}  // namespace

FetchLoop::FetchLoop(std::shared_ptr<const TransferRules> rules)
    : rules_(std::move(rules)),
      multi_(NewMulti(rules_->options)),
      inbox_(std::make_shared<FetchInbox>([multi = multi_] { curl_multi_wakeup(multi); })),
      schedule_(LimitsOf(rules_->options)),
      random_(std::random_device()()),
      thread_([this] { Run(); }) {}

FetchLoop::~FetchLoop() {
  inbox_->Close();
  thread_.join();
  lanes_.clear();
  curl_multi_cleanup(multi_);
}

std::shared_ptr<FetchState> FetchLoop::Start(FetchRequest request) {
  auto state = std::make_shared<FetchState>(std::move(request), inbox_);
  counters_.waiting.fetch_add(1, std::memory_order_relaxed);
  inbox_->Start(state);  // it is closed only by the destructor, which nobody may overtake
  return state;
}

void FetchLoop::Run() {
  while (ReadMail()) {
    BeginAllThatMay(Now());
    int running = 0;
    curl_multi_perform(multi_, &running);
    EndTransfers(Now());
    BeginAllThatMay(Now());
    Sleep(Now());
  }
  for (auto& [id, job] : jobs_) {
    if (job->lane != nullptr) curl_multi_remove_handle(multi_, job->lane->transfer.easy());
    job->state->Finish({});
  }
}

// False: the fetcher is being destroyed.
bool FetchLoop::ReadMail() {
  FetchInbox::Mail mail = inbox_->Take();
  for (auto& state : mail.started) Accept(std::move(state));
  for (const auto& state : mail.dropped) Drop(state);
  return !mail.closed;
}

void FetchLoop::Accept(std::shared_ptr<FetchState> state) {
  auto owned = std::make_unique<Job>();
  Job& job = *owned;
  job.id = ++last_id_;
  job.state = std::move(state);
  ids_[job.state.get()] = job.id;
  jobs_[job.id] = std::move(owned);
  auto uri = ParseHttpUri(job.state->request.uri);
  if (auto* error = std::get_if<UriError>(&uri)) return Fail(job, error->reason, std::move(error->detail));
  job.uri = std::get<HttpUri>(std::move(uri));
  job.left = rules_->options.total_timeout;
  schedule_.Add(job.id, job.uri.origin);
}

void FetchLoop::Drop(const std::shared_ptr<FetchState>& state) {
  const auto id = ids_.find(state.get());
  if (id == ids_.end()) return;  // it was ready before
  Job& job = *jobs_[id->second];
  if (job.lane != nullptr) LeaveWire(job, HostAnswer::kNone, Now());
  counters_.dropped.fetch_add(1, std::memory_order_relaxed);
  Finish(job, {});
}

void FetchLoop::BeginAllThatMay(Time now) {
  while (const auto turn = schedule_.Next(now)) {
    const auto found = jobs_.find(turn->job);
    if (found == jobs_.end()) {  // dropped while it waited
      if (!turn->host_down) schedule_.Ended(turn->origin, HostAnswer::kNone, now, now);
    } else if (turn->host_down) {
      Fail(*found->second, FetchReason::kConnect, absl::StrCat(found->second->uri.host, " has not answered for long"));
    } else {
      Begin(*found->second, now);
    }
  }
}

FetchLoop::Lane& FetchLoop::TakeLane() {
  if (free_lanes_.empty()) {
    lanes_.push_back(std::make_unique<Lane>(rules_));
    free_lanes_.push_back(lanes_.back().get());
    curl_easy_setopt(lanes_.back()->transfer.easy(), CURLOPT_PRIVATE, lanes_.back().get());
  }
  Lane& lane = *free_lanes_.back();
  free_lanes_.pop_back();
  return lane;
}

// The job has a place of its host.
void FetchLoop::Begin(Job& job, Time now) {
  Lane& lane = TakeLane();
  lane.job = &job;
  lane.body.Begin(job.state.get());
  lane.transfer.Begin(job.uri, job.left);
  job.lane = &lane;
  job.began = now;
  job.status = 0;
  counters_.requests.fetch_add(1, std::memory_order_relaxed);
  if (std::exchange(job.follows, false)) {
    counters_.redirects.fetch_add(1, std::memory_order_relaxed);
  } else if (++job.requests > 1) {
    counters_.retries.fetch_add(1, std::memory_order_relaxed);
  }
  counters_.waiting.fetch_sub(1, std::memory_order_relaxed);
  counters_.in_flight.fetch_add(1, std::memory_order_relaxed);
  curl_multi_add_handle(multi_, lane.transfer.easy());
}

// The lane keeps what it received until it is used again.
void FetchLoop::LeaveWire(Job& job, HostAnswer answer, Time now) {
  Lane& lane = *std::exchange(job.lane, nullptr);
  curl_multi_remove_handle(multi_, lane.transfer.easy());
  lane.job = nullptr;
  free_lanes_.push_back(&lane);
  job.left -= now - job.began;
  counters_.bytes.fetch_add(lane.body.received_bytes(), std::memory_order_relaxed);
  counters_.in_flight.fetch_sub(1, std::memory_order_relaxed);
  counters_.waiting.fetch_add(1, std::memory_order_relaxed);
  schedule_.Ended(job.uri.origin, answer, job.began, now);
}

void FetchLoop::EndTransfers(Time now) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    Lane* lane = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &lane);
    End(*lane->job, message->data.result, now);
  }
}

void FetchLoop::End(Job& job, int code, Time now) {
  Lane& lane = *job.lane;
  job.status = lane.transfer.status();
  if (code == CURLE_OK) lane.body.CheckHead();
  const bool own_end = lane.body.end() != FetchBody::End::kNot;
  TransferError error;
  if (code != CURLE_OK && !own_end) error = lane.transfer.Explain(code);
  LeaveWire(job, AnswerOf(job.status, error), now);
  if (own_end && lane.body.end() != FetchBody::End::kUnwanted) return EndByBody(job, lane.body);
  if (code != CURLE_OK && !own_end) return Repeat(job, std::move(error), std::nullopt, now);
  EndByStatus(job, lane, now);
}

void FetchLoop::EndByBody(Job& job, FetchBody& body) {
  if (body.end() == FetchBody::End::kRobots) {
    return Fail(job, FetchReason::kRobots, absl::StrCat("X-Robots-Tag: ", body.robots_word()));
  }
  if (body.end() == FetchBody::End::kTooLarge) {
    return Fail(job, FetchReason::kTooLarge,
                absl::StrCat("more than the ", WithThousands(job.state->request.max_bytes), " bytes that are allowed"));
  }
  counters_.no_memory.fetch_add(1, std::memory_order_relaxed);
  FetchResult result;
  result.outcome = Outcome::kNoMemory;
  result.needed_bytes = body.needed_bytes();
  Finish(job, std::move(result));
}

void FetchLoop::EndByStatus(Job& job, Lane& lane, Time now) {
  if (IsPictureStatus(job.status)) {
    if (lane.body.received_bytes() == 0) return Fail(job, FetchReason::kEmpty, "the answer has no bytes");
    counters_.ok.fetch_add(1, std::memory_order_relaxed);
    FetchResult result;
    result.outcome = Outcome::kOk;
    result.body = lane.body.Take();
    return Finish(job, std::move(result));
  }
  if (job.status / 100 == 3) {
    const std::string target = lane.transfer.RedirectTarget();
    if (!target.empty()) return Follow(job, target);
  }
  const std::string detail = absl::StrCat("the server answered ", job.status);
  Repeat(job, {ReasonOf(job.status), detail, MayPass(job.status)},
         ParseRetryAfter(lane.transfer.Header("Retry-After"), absl::Now()), now);
}

void FetchLoop::Follow(Job& job, const std::string& target) {
  if (++job.redirects > rules_->options.max_redirects) {
    return Fail(job, FetchReason::kRedirects, absl::StrCat("more than ", rules_->options.max_redirects));
  }
  auto uri = ParseHttpUri(target);
  if (auto* error = std::get_if<UriError>(&uri)) {
    return Fail(job, error->reason, absl::StrCat("redirected to ", RedactUri(target), ": ", error->detail));
  }
  if (job.left <= absl::ZeroDuration()) return Fail(job, FetchReason::kTimeout, "no complete answer in time");
  job.uri = std::get<HttpUri>(std::move(uri));
  job.follows = true;
  schedule_.AddFirst(job.id, job.uri.origin);
}

// Tries again later if that may help and is allowed, else fails.
void FetchLoop::Repeat(Job& job, TransferError error, std::optional<absl::Duration> asked_to_wait, Time now) {
  if (!error.may_pass) return Fail(job, error.reason, std::move(error.detail));
  absl::Duration delay = Backoff(rules_->options, job.requests, std::uniform_real_distribution<double>()(random_));
  job.left -= delay;
  if (asked_to_wait.has_value()) {
    const absl::Duration wait = std::min(*asked_to_wait, rules_->options.max_retry_after);
    schedule_.Pause(job.uri.origin, now + wait);
    delay += wait;
  }
  if (job.requests >= rules_->options.max_requests || job.left <= absl::ZeroDuration() ||
      !schedule_.TakeRetry(job.uri.origin)) {
    return Fail(job, error.reason, std::move(error.detail));
  }
  job.last_error = std::move(error);
  schedule_.AddLater(job.id, job.uri.origin, now + delay);
}

void FetchLoop::Fail(Job& job, FetchReason reason, std::string detail) {
  counters_.failed[static_cast<size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  FetchResult result;
  result.outcome = Outcome::kFailed;
  result.reason = WordOf(reason);
  result.detail = std::move(detail);
  Finish(job, std::move(result));
}

// The job is gone afterwards.
void FetchLoop::Finish(Job& job, FetchResult result) {
  result.status = job.status;
  result.requests = job.requests;
  result.final_uri = RedactUri(job.uri.text);
  counters_.waiting.fetch_sub(1, std::memory_order_relaxed);
  job.state->Finish(std::move(result));
  ids_.erase(job.state.get());
  jobs_.erase(job.id);
}

void FetchLoop::Sleep(Time now) {
  absl::Duration most = absl::Seconds(10);
  if (const auto next = schedule_.NextTime(now)) most = std::clamp(*next - now, absl::ZeroDuration(), most);
  const auto ms = static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(most, absl::Milliseconds(1))));
  curl_multi_poll(multi_, nullptr, 0, ms, nullptr);
}

}  // namespace millrace
