// FetchLoop: the thread of an HttpFetcher and all that lives on it. Inside common/net only.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/net/curl_transfer.h"
#include "common/net/fetch_body.h"
#include "common/net/fetch_schedule.h"
#include "common/net/fetch_state.h"

namespace millrace {

// Start and counters() from any thread; the rest is the thread's own. The destructor ends the thread.
class FetchLoop {
 public:
  explicit FetchLoop(std::shared_ptr<const TransferRules> rules);
  ~FetchLoop();

  std::shared_ptr<FetchState> Start(FetchRequest request);
  const FetchCounters& counters() const { return counters_; }

 private:
  using Time = FetchSchedule::Time;
  using JobId = FetchSchedule::JobId;
  struct Lane;

  // One URI on its way.
  struct Job {
    JobId id = 0;
    std::shared_ptr<FetchState> state;
    HttpUri uri;  // where it is now, after redirects
    int requests = 0;
    int redirects = 0;
    bool follows = false;      // the next request follows a redirect
    absl::Duration left;       // of its total time
    Time began;                // of the request on the wire
    Lane* lane = nullptr;      // while it is on the wire
    int status = 0;            // of the last answer
    TransferError last_error;  // for which it is repeated
  };
  // A handle with the body that it receives; reused from job to job.
  struct Lane {
    explicit Lane(const std::shared_ptr<const TransferRules>& rules) : body(rules->options), transfer(rules, &body) {
      body.Attach(&transfer);
    }
    FetchBody body;
    CurlTransfer transfer;
    Job* job = nullptr;
  };

  void Run();
  bool ReadMail();
  void Accept(std::shared_ptr<FetchState> state);
  void Drop(const std::shared_ptr<FetchState>& state);
  void BeginAllThatMay(Time now);
  void Begin(Job& job, Time now);
  void EndTransfers(Time now);
  void End(Job& job, int code, Time now);
  void EndByBody(Job& job, FetchBody& body);
  void EndByStatus(Job& job, Lane& lane, Time now);
  void Follow(Job& job, const std::string& target);
  void Repeat(Job& job, TransferError error, std::optional<absl::Duration> asked_to_wait, Time now);
  void Fail(Job& job, FetchReason reason, std::string detail);
  void Finish(Job& job, FetchResult result);
  void LeaveWire(Job& job, HostAnswer answer, Time now);
  Lane& TakeLane();
  void Sleep(Time now);

  const std::shared_ptr<const TransferRules> rules_;
  void* const multi_;
  const std::shared_ptr<FetchInbox> inbox_;
  FetchCounters counters_;
  FetchSchedule schedule_;
  absl::flat_hash_map<JobId, std::unique_ptr<Job>> jobs_;
  absl::flat_hash_map<const FetchState*, JobId> ids_;
  JobId last_id_ = 0;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Lane*> free_lanes_;
  std::minstd_rand random_;
  std::thread thread_;
};

}  // namespace millrace
