#include "worker/agent/agent.h"

#include <stop_token>

#include <algorithm>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/storage/disk_space.h"
#include "worker/publish/cleanup_task.h"

namespace millrace {
namespace {

constexpr double kLowDisk = 0.05;  // below this share of free space a worker takes no new lease

std::string RandomProcessId() {
  std::random_device device;
  return absl::StrFormat("%08x%08x", device(), device());
}

std::string TaskName(const TaskKey& task) {
  return absl::StrCat(absl::AsciiStrToLower(TaskKind_Name(task.kind()).substr(5)), "-", task.index());
}

TaskFailure::Kind KindOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kOutOfRange:
      return TaskFailure::PERMANENT;
    case absl::StatusCode::kFailedPrecondition:
      return TaskFailure::WRONG_MACHINE;
    case absl::StatusCode::kAborted:
      return TaskFailure::HANDED_BACK;
    default:
      return TaskFailure::TASK_ERROR;
  }
}

TaskResult FailureResult(const absl::Status& status) {
  TaskResult result;
  result.mutable_failure()->set_kind(KindOf(status.code()));
  result.mutable_failure()->set_message(ValidUtf8(status.message()));  // it names users' files
  return result;
}

absl::string_view OutcomeOf(SyncReply::Drop::Verdict verdict, const std::optional<TaskResult>& result) {
  if (verdict == SyncReply::Drop::FENCED) return "fenced";
  if (result && result->has_failure())
    return result->failure().kind() == TaskFailure::HANDED_BACK ? "handed_back" : "failed";
  return verdict == SyncReply::Drop::REFUSED ? "refused" : "accepted";
}

}  // namespace

struct Agent::Attempt {
  Assignment assignment;
  ProgressMeter progress;
  Progress observed;  // what the observer was told; guarded by the agent's mu_
  std::stop_source stop;
  std::optional<TaskResult> result;  // guarded by the agent's mu_
  bool dropped = false;              // the coordinator knows how it ended; guarded by the agent's mu_
  bool destroy = false;              // its prepared bytes are not wanted; guarded by the agent's mu_
  bool finished = false;             // its thread needs the lock no more; guarded by the agent's mu_
  bool hand_back = false;            // stopped because of a drain; guarded by the agent's mu_
  absl::Time lease_end;              // guarded by the agent's mu_
  std::thread thread;
};

// Where answers arrive. The destructor cuts the agent off instead of waiting for a parked call.
struct Agent::Inbox {
  Mutex mu;
  Agent* agent ABSL_GUARDED_BY(mu) = nullptr;
};

Agent::Agent(AgentOptions options, CoordinatorClient* client, Store* store, TaskRunner runner, AgentObserver observer)
    : options_([&] {
        options.info.set_process(RandomProcessId());
        options.info.set_started_unix_ms(absl::ToUnixMillis(absl::Now()));
        return std::move(options);
      }()),
      client_(client),
      store_(store),
      runner_(std::move(runner)),
      observer_(std::move(observer)),
      inbox_(std::make_shared<Inbox>()),
      backoff_(options_.backoff_start),
      loop_([this] {
        {
          MutexLock lock(&inbox_->mu);
          inbox_->agent = this;
        }
        Loop();
      }) {}

Agent::~Agent() {
  std::vector<std::unique_ptr<Attempt>> all;
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    for (auto& [key, attempt] : attempts_) attempt->stop.request_stop();
  }
  loop_.join();
  {
    MutexLock lock(&inbox_->mu);
    inbox_->agent = nullptr;
  }
  {
    MutexLock lock(&mu_);
    all = std::move(retired_);
    for (auto& [key, attempt] : attempts_) all.push_back(std::move(attempt));
    attempts_.clear();
  }
  for (auto& attempt : all) attempt->thread.join();
}

void Agent::Drain() {
  MutexLock lock(&mu_);
  draining_ = true;
  dirty_ = true;
}

bool Agent::WaitUntilDrained(absl::Duration grace) {
  const auto nothing_left = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return attempts_.empty(); };
  const absl::Duration margin = std::min(grace / 4, absl::Seconds(5));  // what the hand-back itself may take
  MutexLock lock(&mu_);
  if (mu_.AwaitFor(nothing_left, grace - margin)) return true;
  HandBackRunning();
  return mu_.AwaitFor(nothing_left, margin);
}

void Agent::HandBackRunning() {
  for (auto& [key, attempt] : attempts_) {
    if (attempt->result) continue;
    attempt->hand_back = true;
    attempt->stop.request_stop();
  }
}

bool Agent::drain_requested() const {
  MutexLock lock(&mu_);
  return drain_requested_;
}

bool Agent::draining() const {
  MutexLock lock(&mu_);
  return draining_;
}

int64_t Agent::free_disk_bytes() const {
  MutexLock lock(&mu_);
  return free_disk_bytes_;
}

int Agent::busy() const {
  MutexLock lock(&mu_);
  return static_cast<int>(
      std::count_if(attempts_.begin(), attempts_.end(), [](const auto& entry) { return !entry.second->result; }));
}

bool Agent::connected() const {
  MutexLock lock(&mu_);
  return connected_;
}

void Agent::Loop() {
  MutexLock lock(&mu_);
  while (!stopping_) {
    const absl::Time next = Step();
    mu_.Unlock();
    JoinRetired();
    mu_.Lock();
    mu_.AwaitUntil([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return Wake(); }, next);
  }
}

absl::Time Agent::Step() {
  const absl::Time now = absl::Now();
  if (reply_) {
    const absl::StatusOr<SyncReply> reply = *std::move(reply_);
    reply_.reset();
    awaiting_ = false;
    connected_ = reply.ok();
    observer_.synced(reply.ok());
    if (reply.ok()) {
      backoff_ = options_.backoff_start;
      next_send_ = now;
      Obey(*reply);
    } else {
      Log(LogLevel::kWarning, "the coordinator did not answer",
          {{"worker", options_.info.name()}, {"error", std::string(reply.status().message())}});
      next_send_ = now + backoff_;
      backoff_ = std::min(backoff_ * 2, options_.backoff_limit);
    }
  }
  StopExpired(now);
  // A change is told at once, over the head of a parked call, but never faster than the backoff allows.
  backing_off_ = now < next_send_;
  if (!backing_off_ && (!awaiting_ || dirty_)) Send();
  return backing_off_ ? next_send_ : now + options_.busy_sync;
}

void Agent::Send() {
  const SyncRequest request = MakeRequest();
  awaiting_ = true;
  dirty_ = false;
  sent_ = absl::Now();
  mu_.Unlock();  // the answer may come before Sync returns
  client_->Sync(request, [inbox = inbox_, sequence = request.sequence()](absl::StatusOr<SyncReply> reply) {
    MutexLock lock(&inbox->mu);
    if (inbox->agent != nullptr) inbox->agent->Receive(sequence, std::move(reply));
  });
  mu_.Lock();
}

void Agent::Receive(uint64_t sequence, absl::StatusOr<SyncReply> reply) {
  MutexLock lock(&mu_);
  // Only the newest request's answer counts: the coordinator takes what an older one added as lost.
  if (sequence == sequence_) reply_ = std::move(reply);
}

SyncRequest Agent::MakeRequest() {
  SyncRequest request;
  *request.mutable_worker() = options_.info;
  request.mutable_worker()->set_draining(draining_);
  if (!disk_path_.empty()) {
    if (absl::StatusOr<DiskSpaceInfo> space = DiskSpace(disk_path_); space.ok()) {
      free_disk_bytes_ = space->free_bytes;
      request.mutable_worker()->set_free_disk_bytes(space->free_bytes);
      request.mutable_worker()->set_disk_low(space->free_bytes < kLowDisk * space->total_bytes);
    }
  }
  request.set_sequence(++sequence_);
  request.set_incarnation(incarnation_);
  bool running = false;
  for (const auto& [key, attempt] : attempts_) {
    AttemptReport& report = *request.add_have();
    *report.mutable_task() = attempt->assignment.task();
    *report.mutable_epoch() = attempt->assignment.epoch();
    *report.mutable_progress() = Observe(*attempt);
    if (attempt->result) *report.mutable_result() = *attempt->result;
    running |= !attempt->result;
  }
  request.set_wait_ms(absl::ToInt64Milliseconds(running ? options_.busy_sync : options_.idle_sync));
  return request;
}

Progress Agent::Observe(Attempt& attempt) {
  const Progress now = attempt.progress.Get();
  observer_.progressed(attempt.observed, now);
  attempt.observed = now;
  return now;
}

void Agent::Obey(const SyncReply& reply) {
  if (reply.incarnation() != 0) incarnation_ = reply.incarnation();
  if (reply.superseded()) return;
  const absl::Time lease_end = sent_ + absl::Milliseconds(reply.lease_ms()) * 0.8;
  for (auto& [key, attempt] : attempts_) attempt->lease_end = lease_end;
  for (const SyncReply::Drop& drop : reply.drop()) Drop(drop);
  for (const Assignment& assignment : reply.add()) {
    Add(assignment);
    attempts_.at({assignment.epoch().incarnation(), assignment.epoch().sequence()})->lease_end = lease_end;
  }
  if (reply.drain() && !draining_) {
    draining_ = drain_requested_ = true;
    dirty_ = true;
  }
}

void Agent::Add(const Assignment& assignment) {
  const Key key = {assignment.epoch().incarnation(), assignment.epoch().sequence()};
  if (attempts_.contains(key)) return;  // a duplicated reply
  disk_path_ = assignment.spec().output();
  auto attempt = std::make_unique<Attempt>();
  attempt->assignment = assignment;
  Attempt* running = attempt.get();
  attempts_.emplace(key, std::move(attempt));
  running->thread = std::thread([this, running] { RunAttempt(running); });
}

void Agent::Drop(const SyncReply::Drop& drop) {
  auto it = attempts_.find({drop.attempt().epoch().incarnation(), drop.attempt().epoch().sequence()});
  if (it == attempts_.end()) return;
  Attempt& attempt = *it->second;
  const absl::string_view outcome = OutcomeOf(drop.verdict(), attempt.result);
  Log(outcome == "accepted" ? LogLevel::kInfo : LogLevel::kWarning, absl::StrCat("attempt ", outcome),
      {{"worker", options_.info.name()},
       {"job", attempt.assignment.task().job_id()},
       {"task", TaskName(attempt.assignment.task())}});
  attempt.dropped = true;
  attempt.destroy = drop.verdict() != SyncReply::Drop::ACCEPTED;
  attempt.stop.request_stop();
  Observe(attempt);
  observer_.ended(attempt.assignment, outcome, attempt.result ? &*attempt.result : nullptr);
  retired_.push_back(std::move(it->second));
  attempts_.erase(it);
}

// A write attempt past its lease can do no harm: it prepares bytes under its own epoch, and the coordinator fences its
// commit. The other tasks touch shared names, so they stop before another worker may start them.
void Agent::StopExpired(absl::Time now) {
  for (auto& [key, attempt] : attempts_) {
    const bool write = attempt->assignment.task().kind() == TASK_WRITE;
    if (now > attempt->lease_end + (write ? options_.patience : absl::ZeroDuration())) attempt->stop.request_stop();
  }
}

// The attempt's thread: does the task, offers the result until the coordinator drops the attempt, and destroys what it
// prepared if it was not wanted (here, because that may take long on a slow store).
void Agent::RunAttempt(Attempt* attempt) {
  absl::StatusOr<TaskResult> result = RunGuarded(*attempt);
  mu_.Lock();
  if (!result.ok() && absl::IsCancelled(result.status()))
    result = attempt->hand_back
                 ? absl::AbortedError("handed back: the worker drains")
                 : absl::UnavailableError("stopped: its lease ended while the coordinator was out of reach");
  attempt->result = result.ok() ? *std::move(result) : FailureResult(result.status());
  dirty_ = true;
  mu_.Await([attempt, this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return attempt->dropped || stopping_; });
  const bool destroy = attempt->destroy;
  mu_.Unlock();
  if (destroy) {
    if (absl::Status status = AbortAttempt(*store_, attempt->assignment); !status.ok())
      Log(LogLevel::kWarning, "could not remove a fenced attempt's files", {{"error", std::string(status.message())}});
  }
  MutexLock lock(&mu_);
  attempt->finished = true;
}

absl::StatusOr<TaskResult> Agent::RunGuarded(Attempt& attempt) {
  MILLRACE_RETURN_IF_ERROR(Failpoint("agent/lease"));
  TaskContext context{attempt.assignment, *store_, attempt.progress, attempt.stop.get_token()};
  return runner_(context);
}

void Agent::JoinRetired() {
  std::vector<std::unique_ptr<Attempt>> finished;
  {
    MutexLock lock(&mu_);
    auto first =
        std::partition(retired_.begin(), retired_.end(), [](const auto& attempt) { return !attempt->finished; });
    std::move(first, retired_.end(), std::back_inserter(finished));
    retired_.erase(first, retired_.end());
  }
  for (auto& attempt : finished) attempt->thread.join();
}

}  // namespace millrace
