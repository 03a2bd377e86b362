// FetchSchedule: which URI is asked next, and when. Pure: no clock, no network, no randomness, no thread; time is a
// parameter and only ever grows. Inside common/net only.
//
// Every host (origin: scheme, name, port) has a queue and a window, the number of requests it may have at a time. The
// window grows and shrinks as TCP's does (slow start, then one more a round; half after 429 or 503), at most once a
// round trip. Hosts with something to ask take turns, so that a dead or slow one costs the others only its window.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace millrace {

// How a request ended, as far as its host is concerned.
enum class HostAnswer {
  kAnswered,     // any answer in time, also 404
  kOverloaded,   // 429, 503
  kUnreachable,  // no name, no connection, no byte in time
  kNone,         // it was given up here: says nothing
};

class FetchSchedule {
 public:
  using JobId = uint64_t;
  using Time = absl::Duration;  // since any fixed moment

  struct Limits {
    int max_in_flight = 256;
    int max_per_host = 32;
    double retry_ratio = 0.2;
    int unproven_window = 4;  // of a host that has not answered yet
    // A host with so many unreachable ends in a row, over so long, is down: one request at a time asks whether it is
    // back, with a pause in between, and when that fails, all that waited meanwhile fails with it.
    int down_after_failures = 8;
    Time down_after = absl::Seconds(60);
    Time probe_interval = absl::Seconds(2);
  };
  struct Turn {
    JobId job = 0;
    absl::string_view origin;  // valid until the next Ended
    bool host_down = false;    // do not ask: end the job. It holds no place
  };

  explicit FetchSchedule(Limits limits) : limits_(limits) {}

  // To the end of its host's queue.
  void Add(JobId job, absl::string_view origin);
  // To its front: a job that has been on the wire before.
  void AddFirst(JobId job, absl::string_view origin);
  // As AddFirst, from `when` on.
  void AddLater(JobId job, absl::string_view origin, Time when);

  // The next job that may be asked now; it holds a place of its host until Ended.
  std::optional<Turn> Next(Time now);
  // `began`: the `now` at which Next had given the job.
  void Ended(absl::string_view origin, HostAnswer answer, Time began, Time now);
  // Nothing is asked of this host before `until`.
  void Pause(absl::string_view origin, Time until);
  // Whether a repetition is within the host's budget; takes it.
  bool TakeRetry(absl::string_view origin);

  // When Next may have something that it has not now, but for Add and Ended; nothing: never.
  std::optional<Time> NextTime(Time now);
  int in_flight() const { return in_flight_; }
  size_t known_hosts() const { return hosts_.size(); }

 private:
  struct Host {
    explicit Host(std::string name) : origin(std::move(name)) {}
    const std::string origin;
    std::deque<JobId> queue;
    int in_flight = 0;
    double window = 1;
    double slow_start_until = 0;  // window size
    bool answered = false;
    bool in_turn = false;  // it stands in turns_
    Time window_cut_at = -absl::InfiniteDuration();
    Time paused_until = -absl::InfiniteDuration();
    double retries = 10;
    int failures_in_row = 0;
    Time first_failure;
    Time last_failure;
    size_t doomed = 0;  // jobs at the front of the queue that fail with the host
    int later = 0;      // entries of later_
  };
  using Later = std::pair<Time, std::pair<JobId, Host*>>;  // job 0: the host itself, whose pause ends

  Host& Find(absl::string_view origin);
  bool IsDown(const Host& host, Time now) const;
  void Queue(Host& host);
  void PushLater(Host& host, JobId job, Time when);
  void MoveDue(Time now);
  void ForgetIdleHosts(Time now);
  void Grow(Host& host);
  void Shrink(Host& host, Time began, Time now);
  void CountFailure(Host& host, Time began, Time now);

  const Limits limits_;
  absl::flat_hash_map<std::string, std::unique_ptr<Host>> hosts_;
  std::deque<Host*> turns_;  // hosts that may have something to ask, in the order of their turns
  std::priority_queue<Later, std::vector<Later>, std::greater<>> later_;
  int in_flight_ = 0;
  size_t most_hosts_ = 4096;
};

}  // namespace millrace
