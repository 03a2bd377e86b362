#include "coordinator/engine/service/service_loop.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

// A clock that nobody can set: leases follow it.
absl::Time SteadyNow() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

EngineService::Loop::Loop(EngineServiceOptions options, std::unique_ptr<Journal> journal)
    : options_(std::move(options)), journal_(std::move(journal)), engine_(options_.engine, journal_.get()) {}

absl::Status EngineService::Loop::Start() {
  UpdateMoment();
  MILLRACE_RETURN_IF_ERROR(engine_.Start(moment_));
  healthy_ = true;
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void EngineService::Loop::Shutdown() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  healthy_ = false;
}

bool EngineService::Loop::Enqueue(std::function<void()> request) {
  MutexLock lock(&mu_);
  if (stopping_) return false;
  queue_.push_back(std::move(request));
  return true;
}

EngineMetrics EngineService::Loop::Metrics() {
  Mutex mu;
  bool ready = false;
  EngineMetrics metrics;
  const bool queued = Enqueue([&] {
    MutexLock lock(&mu);
    metrics = engine_.Metrics(moment_);
    metrics.syncs_parked = static_cast<int64_t>(parked_.size());
    metrics.sync_seconds = absl::ToDoubleSeconds(sync_time_);
    metrics.journal_seconds = absl::ToDoubleSeconds(journal_time_);
    ready = true;
  });
  if (!queued) {
    MutexLock lock(&mu_);
    return last_metrics_;
  }
  MutexLock lock(&mu);
  mu.Await([&] { return ready; });
  return metrics;
}

void EngineService::Loop::Run() {
  std::vector<std::function<void()>> batch;
  bool more = true;
  while (more) {
    more = TakeBatch(batch);
    Handle(batch);
    AnswerWoken();
    AnswerOverdue(!more);
    AnswerWatchers(!more);
    Deliver(Commit());
  }
  MutexLock lock(&mu_);
  last_metrics_ = engine_.Metrics(moment_);
}

bool EngineService::Loop::TakeBatch(std::vector<std::function<void()>>& batch) {
  batch.clear();
  const absl::Duration patience = NextDeadline() - SteadyNow();
  MutexLock lock(&mu_);
  mu_.AwaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || !queue_.empty(); }, patience);
  batch.swap(queue_);
  return !stopping_;
}

absl::Time EngineService::Loop::NextDeadline() const {
  absl::Time next = next_tick_;
  if (!park_deadlines_.empty()) next = std::min(next, park_deadlines_.begin()->first);
  for (const Watcher& watcher : watchers_) {
    next = std::min(next, watcher.deadline);
    if (watcher.not_before > moment_.now) next = std::min(next, watcher.not_before);
  }
  return next;
}

void EngineService::Loop::UpdateMoment() { moment_ = {SteadyNow(), absl::ToUnixMillis(absl::Now())}; }

void EngineService::Loop::Handle(std::vector<std::function<void()>>& batch) {
  UpdateMoment();
  if (moment_.now >= next_look_) LookForRoom();
  if (moment_.now >= next_tick_) {
    engine_.Tick(moment_);
    next_tick_ = moment_.now + options_.tick;
  }
  for (const std::function<void()>& request : batch) request();
}

void EngineService::Loop::LookForRoom() {
  next_look_ = moment_.now + options_.room_period;
  const absl::Status room = options_.may_write();
  engine_.SetReadOnly(room.message());
  MutexLock lock(&mu_);
  room_ = room;
}

absl::Status EngineService::Loop::Ready() const {
  if (!healthy_) return absl::UnavailableError("the journal does not work");
  MutexLock lock(&mu_);
  return room_;
}

// ---- workers ----

void EngineService::Loop::Sync(const SyncRequest& request, Done<SyncReply> done) {
  const absl::Time start = SteadyNow();
  absl::StatusOr<SyncReply> reply = engine_.Sync(request, moment_);
  sync_time_ += SteadyNow() - start;
  if (!reply.ok() || reply->superseded()) return Answer(std::move(done), std::move(reply));
  const std::string& process = request.worker().process();
  if (auto older = parked_.find(process); older != parked_.end()) {
    SyncReply superseded;
    superseded.set_sequence(older->second.quiet.sequence());
    superseded.set_superseded(true);
    AnswerParked(process, std::move(superseded));
  }
  const absl::Duration wait =
      std::min({absl::Milliseconds(request.wait_ms()), options_.engine.sync_period(), options_.longest_wait});
  if (Engine::HasNews(*reply) || wait <= absl::ZeroDuration()) return Answer(std::move(done), std::move(reply));
  const absl::Time deadline = moment_.now + wait;
  parked_[process] = {std::move(done), *std::move(reply), deadline};
  park_deadlines_.insert({deadline, process});
  engine_.Park(process);
}

void EngineService::Loop::AnswerParked(const std::string& process, SyncReply reply) {
  auto it = parked_.find(process);
  Answer<SyncReply>(std::move(it->second.done), std::move(reply));
  park_deadlines_.erase({it->second.deadline, process});
  parked_.erase(it);
}

void EngineService::Loop::AnswerWoken() {
  for (const std::string& process : engine_.TakeWoken(moment_)) {
    if (!parked_.contains(process)) continue;
    if (std::optional<SyncReply> reply = engine_.Poll(process, moment_)) AnswerParked(process, *std::move(reply));
  }
}

void EngineService::Loop::AnswerOverdue(bool all) {
  while (!park_deadlines_.empty() && (all || park_deadlines_.begin()->first <= moment_.now)) {
    const std::string process = park_deadlines_.begin()->second;
    SyncReply quiet = std::move(parked_.at(process).quiet);
    engine_.Unpark(process);
    AnswerParked(process, std::move(quiet));
  }
}

// ---- long polls of clients ----

void EngineService::Loop::GetJob(const GetJobRequest& request, Done<JobStatus> done) {
  const absl::StatusOr<JobStatus> now = engine_.Get(request.job_id(), moment_);
  if (!now.ok() || now->version() > request.after_version() || request.wait_ms() <= 0)
    return Answer(std::move(done), now);
  const auto answer = [this, done = std::move(done), seen = *now, id = now->job_id()](bool last) {
    if (!last && engine_.Version(id) <= seen.version()) return false;
    const absl::StatusOr<JobStatus> status = engine_.Get(id, moment_);
    Answer(done, status);
    return true;
  };
  Watch(now->job_id(), request.wait_ms(), answer);
}

void EngineService::Loop::GetJobLog(const GetJobLogRequest& request, Done<GetJobLogReply> done) {
  const absl::StatusOr<std::string> id = engine_.ResolveJob(request.job_id());
  if (!id.ok()) return Answer<GetJobLogReply>(std::move(done), id.status());
  const auto answer = [this, done = std::move(done), id = *id, after = request.after()](bool last) {
    absl::StatusOr<GetJobLogReply> log = engine_.GetJobLog(id, after);
    if (!last && log.ok() && log->lines().empty() && !log->ended()) return false;
    Answer(done, std::move(log));
    return true;
  };
  if (!answer(request.wait_ms() <= 0)) Watch(*id, request.wait_ms(), answer);
}

void EngineService::Loop::Watch(const std::string& job_id, int64_t wait_ms, std::function<bool(bool)> answer) {
  const absl::Duration wait = std::min(absl::Milliseconds(wait_ms), options_.longest_wait);
  const absl::Time now = moment_.now;
  watchers_.push_back({job_id, now + wait, now + std::min(wait, options_.progress_period), std::move(answer)});
}

// A watcher is asked when its job's state changes (at once), when its not_before is over, and a last time at its
// deadline.
void EngineService::Loop::AnswerWatchers(bool all) {
  const std::vector<std::string> changed = engine_.TakeChangedJobs();
  if (watchers_.empty()) return;
  std::erase_if(watchers_, [&](Watcher& watcher) {
    if (all || watcher.deadline <= moment_.now) return watcher.answer(true);
    const JobRecord* job = engine_.durable().Find(watcher.job_id);
    const bool ended = job == nullptr || !job->running();
    return (ended || watcher.not_before <= moment_.now) && watcher.answer(false);
  });
}

// ---- durability ----

absl::Status EngineService::Loop::Commit() {
  if (!engine_.dirty()) return engine_.Commit();  // says whether it is alive
  MILLRACE_RETURN_IF_ERROR(Failpoint("engine/before_commit"));
  const absl::Time start = SteadyNow();
  const absl::Status status = engine_.Commit();
  journal_time_ += SteadyNow() - start;
  if (!status.ok()) return status;
  return Failpoint("engine/after_commit");  // journaled and unanswered
}

void EngineService::Loop::Deliver(const absl::Status& durable) {
  if (!durable.ok() && death_.ok()) {
    death_ = absl::UnavailableError(absl::StrCat("the coordinator's journal failed: ", durable.message()));
    healthy_ = false;
    AnswerOverdue(true);
    AnswerWatchers(true);
    options_.on_fatal(durable);
  }
  std::vector<std::function<void(const absl::Status&)>> answers;
  answers.swap(answers_);
  for (auto& tell : answers) tell(death_);
}

std::string EngineService::Loop::RandomNonce() {
  std::random_device device;
  std::string nonce;
  for (int i = 0; i < 16; ++i) nonce += static_cast<char>(device() & 0xff);
  return nonce;
}

}  // namespace millrace
