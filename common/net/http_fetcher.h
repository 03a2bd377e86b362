// HttpFetcher: images (and other small bodies) from http and https, hundreds at a time on one thread.
//
//   auto fetcher = HttpFetcher::Create({});
//   FetchTicket ticket = (*fetcher)->Start({.uri = "https://example.org/1.jpg", .max_bytes = 64 << 20});
//   if (!ticket.Wait(stop)) return;              // stopped; dropping the ticket cancels the request
//   FetchResult result = ticket.Take();
//
// One a worker process, used by all its jobs: connections, HTTP/2 sessions and what is known about a host are shared.
// This is the only layer that tries again: its caller takes an error as final. How it treats hosts (limits, pauses,
// backoff, User-Agent, robots) and which addresses it refuses is in docs/fetching.md.
//
// Threads: thread-safe. One thread of its own runs all transfers and the callbacks of requests.
// Order of destruction: any. Destroying the fetcher ends its requests with kStopped; tickets may live longer.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/net/fetch_reason.h"

namespace millrace {

struct HttpOptions {
  int max_in_flight = 256;  // requests on the wire, over all hosts
  // The same for one host (scheme, name, port). Fewer after 429 and 503, and until it has answered for the first time.
  int max_per_host = 32;
  absl::Duration connect_timeout = absl::Seconds(10);  // name, TCP and TLS together
  // For one URI: its time on the wire and in backoff, over all repetitions and redirects. Waiting for its turn, and a
  // pause that the host asked for, do not count.
  absl::Duration total_timeout = absl::Seconds(60);
  // A transfer that is slower for so long is given up; this also bounds the wait for the first byte. Whole seconds.
  int64_t min_bytes_per_second = 1000;
  absl::Duration min_speed_window = absl::Seconds(20);
  int max_requests = 4;  // tries of one URI; redirects do not count
  int max_redirects = 5;
  absl::Duration backoff_base = absl::Milliseconds(500);  // before try n: a random time up to base·2ⁿ…
  absl::Duration backoff_cap = absl::Seconds(20);         // …and up to this
  absl::Duration max_retry_after = absl::Seconds(120);    // a longer Retry-After is taken as this
  double retry_ratio = 0.2;     // repetitions a host gets, as a part of the URIs asked of it (and ten at the start)
  bool respect_robots = true;   // X-Robots-Tag: noai, noimageai, noindex, noimageindex, none → http/robots
  std::string user_agent = "";  // empty: "millrace/<version>"
  // Addresses that are refused by default (loopback, private, …) and may be reached all the same: "10.1.0.0/16", "::1",
  // or the name of a host, "images.internal", whatever it resolves to.
  std::vector<std::string> allow = {};
  std::string ca_file = "";  // certificates in PEM; empty: $SSL_CERT_FILE, else the system's
  // "http://proxy:3128". Empty: none, whatever the environment says. A proxy connects on our behalf, so that only its
  // own rules protect the network behind it.
  std::string proxy = "";
  std::vector<std::string> resolve = {};  // "name:port:address": names that need no DNS, for tests
};

struct FetchRequest {
  std::string uri;
  int64_t max_bytes = 64 << 20;  // a larger body is http/too_large
  // Asked before the body may take `bytes` in all (Content-Length where it is known, else more and more, and never more
  // than max_bytes). False ends the request with kNoMemory. Called on the fetcher's thread, never after the ticket was
  // dropped or is ready; must be quick and must not touch fetcher or ticket. Empty: always true.
  std::function<bool(int64_t bytes)> reserve = nullptr;
  // Called once, on the fetcher's thread, when the ticket has become ready. As above.
  std::function<void()> on_ready = nullptr;
};

struct FetchResult {
  enum class Outcome {
    kOk,        // `body`
    kFailed,    // `reason`, `detail`
    kNoMemory,  // `reserve` refused `needed_bytes`: get them first, then start again
    kStopped,   // the fetcher was destroyed
  };
  Outcome outcome = Outcome::kStopped;
  std::string body;
  absl::string_view reason;  // one of kFetchReasonWords
  std::string detail;        // what was found, without secrets: "500 Internal Server Error, 4 requests"
  int64_t needed_bytes = 0;
  int status = 0;         // of the last answer; 0 if there was none
  int requests = 0;       // sent, without redirects
  std::string final_uri;  // after redirects, without secrets
};

// Monotonic counts since the fetcher was created, but for in_flight; read by whoever exports metrics.
struct FetchCounters {
  std::atomic<int64_t> requests{0};                                     // sent, with repetitions and redirects
  std::atomic<int64_t> retries{0};                                      // repetitions among them
  std::atomic<int64_t> redirects{0};                                    // redirects among them
  std::atomic<int64_t> bytes{0};                                        // of bodies, whatever became of them
  std::atomic<int64_t> in_flight{0};                                    // now on the wire
  std::atomic<int64_t> waiting{0};                                      // now started, and not on the wire
  std::atomic<int64_t> ok{0};                                           // URIs fetched
  std::atomic<int64_t> no_memory{0};                                    // URIs ended by `reserve`
  std::atomic<int64_t> dropped{0};                                      // URIs whose ticket was dropped
  std::array<std::atomic<int64_t>, kFetchReasonWords.size()> failed{};  // URIs, by FetchReason
};

struct FetchState;
class FetchLoop;

// One request. Not thread-safe, but for its shared half. Destroying or resetting it cancels the request.
class FetchTicket {
 public:
  FetchTicket() = default;
  explicit FetchTicket(std::shared_ptr<FetchState> state) : state_(std::move(state)) {}
  FetchTicket(FetchTicket&&) noexcept = default;
  FetchTicket& operator=(FetchTicket&& other) noexcept;
  ~FetchTicket() { Reset(); }

  bool valid() const { return state_ != nullptr; }
  // Whether the result is there.
  bool ready() const;
  // Waits for it. False if `stop` was requested before: the request goes on until the ticket is dropped.
  bool Wait(std::stop_token stop = {}) const;
  // The result; ready() holds. The ticket is empty afterwards.
  FetchResult Take();
  void Reset();

 private:
  std::shared_ptr<FetchState> state_;
};

class HttpFetcher {
 public:
  // INVALID_ARGUMENT naming the option that makes no sense.
  static absl::StatusOr<std::unique_ptr<HttpFetcher>> Create(HttpOptions options);
  ~HttpFetcher();
  HttpFetcher(const HttpFetcher&) = delete;

  // Never blocks and never fails: what is wrong with the URI is the ticket's result. Any number may be started; they
  // wait for their turn here. Requests of different hosts take turns, those of one host go in the order of their start.
  FetchTicket Start(FetchRequest request);
  const FetchCounters& counters() const;

 private:
  explicit HttpFetcher(std::unique_ptr<FetchLoop> loop);
  std::unique_ptr<FetchLoop> loop_;
};

}  // namespace millrace
