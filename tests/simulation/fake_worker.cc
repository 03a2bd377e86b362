#include "tests/simulation/fake_worker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace millrace::simulation {
namespace {

constexpr absl::Duration kBusySync = absl::Milliseconds(600), kIdleSync = absl::Milliseconds(1500);
constexpr absl::Duration kCallPatience = absl::Milliseconds(500);  // beyond the time that a call may be parked
constexpr absl::Duration kShortestBackoff = absl::Milliseconds(50), kLongestBackoff = absl::Seconds(2);
constexpr double kOwnShareOfLease = 0.8;

TaskFailure::Kind KindOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kAlreadyExists:
      return TaskFailure::PERMANENT;
    case absl::StatusCode::kFailedPrecondition:
      return TaskFailure::WRONG_MACHINE;
    case absl::StatusCode::kAborted:
      return TaskFailure::HANDED_BACK;
    default:
      return TaskFailure::TASK_ERROR;
  }
}

}  // namespace

FakeWorker::FakeWorker(World* world, Network* network, Checker* checker, Coordinator* coordinator,
                       const std::vector<JobModel>* jobs, Node node, Disk* disk)
    : world_(*world),
      network_(*network),
      checker_(*checker),
      coordinator_(*coordinator),
      jobs_(*jobs),
      node_(node),
      name_(absl::StrCat("w", node)) {
  machine_.disk = disk;
}

// ---- the process ----

void FakeWorker::Start() {
  if (alive_) return;
  alive_ = true;
  draining_ = false;
  process_ = absl::StrCat(name_, ".", ++starts_);
  started_unix_ms_ = absl::ToUnixMillis(world_.now);
  sequence_ = incarnation_ = 0;
  backoff_ = kShortestBackoff;
  attempts_.clear();
  world_.Say(name_, "starts as process ", process_);
  Send();
}

void FakeWorker::Crash(absl::string_view why) {
  world_.Say(name_, why);
  alive_ = false;
  attempts_.clear();
  world_.After(world_.random.Milliseconds(50, 5000), [this] { Start(); });
}

void FakeWorker::Heal() {
  asleep_until_ = absl::InfinitePast();
  machine_.mount_lost = false;
  Start();
}

void FakeWorker::Guarded(const std::string& process, const std::function<void()>& event) {
  if (!alive_ || process != process_) return;
  if (world_.now >= asleep_until_) return event();
  world_.After(asleep_until_ - world_.now + world_.random.Milliseconds(0, 20),
               [this, process, event] { Guarded(process, event); });
}

void FakeWorker::Later(absl::Duration delay, std::function<void()> event) {
  world_.After(delay, [this, process = process_, event = std::move(event)] { Guarded(process, event); });
}

// ---- sync ----

SyncRequest FakeWorker::MakeRequest() {
  SyncRequest request;
  WorkerInfo& info = *request.mutable_worker();
  info.set_name(name_);
  info.set_process(process_);
  info.set_encoding_version("v1");
  info.set_slots(2);
  info.set_draining(draining_);
  info.set_started_unix_ms(started_unix_ms_);
  request.set_sequence(++sequence_);
  request.set_incarnation(incarnation_);
  bool running = false;
  for (const auto& [epoch, attempt] : attempts_) {
    AttemptReport& report = *request.add_have();
    *report.mutable_task() = attempt.assignment.task();
    *report.mutable_epoch() = attempt.assignment.epoch();
    if (attempt.result) *report.mutable_result() = *attempt.result;
    running |= !attempt.result;
  }
  request.set_wait_ms(absl::ToInt64Milliseconds(running ? kBusySync : kIdleSync));
  return request;
}

void FakeWorker::Send() {
  const SyncRequest request = MakeRequest();
  const uint64_t sequence = request.sequence();
  awaiting_ = true;
  sent_ = world_.now;
  auto answered = [this, sequence, process = process_](const SyncReply& reply) {
    network_.Send(kCoordinator, node_, [this, sequence, process, reply] {
      Guarded(process, [this, sequence, reply] { Receive(sequence, reply); });
    });
  };
  network_.Send(node_, kCoordinator, [this, request, answered] { coordinator_.Sync(request, answered); });
  Later(absl::Milliseconds(request.wait_ms()) + kCallPatience, [this, sequence] { TimedOut(sequence); });
}

void FakeWorker::TimedOut(uint64_t sequence) {
  if (sequence != sequence_ || !awaiting_) return;
  awaiting_ = false;
  Later(backoff_, [this, sequence] {
    if (sequence == sequence_ && !awaiting_) Send();
  });
  backoff_ = std::min(backoff_ * 2, kLongestBackoff);
}

void FakeWorker::Tell() {
  if (awaiting_) Send();  // else the backoff or the answer sends it
}

void FakeWorker::Receive(uint64_t sequence, const SyncReply& reply) {
  if (sequence != sequence_ || !awaiting_) return;  // what an older one added counts as lost
  awaiting_ = false;
  backoff_ = kShortestBackoff;
  incarnation_ = reply.incarnation();
  if (!reply.superseded()) {
    const absl::Time lease_end = sent_ + absl::Milliseconds(reply.lease_ms()) * kOwnShareOfLease;
    for (auto& [epoch, attempt] : attempts_) attempt.lease_end = lease_end;
    for (const SyncReply::Drop& drop : reply.drop()) Drop(drop);
    for (const Assignment& assignment : reply.add()) Add(assignment, lease_end);
    if (reply.drain()) Drain();
  }
  LeaveIfDrained();
  if (alive_) Send();
}

void FakeWorker::Drop(const SyncReply::Drop& drop) {
  auto it = attempts_.find(KeyOf(drop.attempt().epoch()));
  if (it == attempts_.end()) return;
  world_.Say(name_, it->second.task->StepName(), " dropped: ", SyncReply::Drop::Verdict_Name(drop.verdict()));
  if (drop.verdict() != SyncReply::Drop::ACCEPTED) {
    checker_.OnDestroyed(it->first);
    machine_.disk->RemoveTree(it->second.task->AttemptFolder());
  }
  attempts_.erase(it);
}

// ---- attempts ----

void FakeWorker::Add(const Assignment& assignment, absl::Time lease_end) {
  const EpochKey epoch = KeyOf(assignment.epoch());
  auto job = std::find_if(jobs_.begin(), jobs_.end(),
                          [&](const JobModel& model) { return model.id == assignment.task().job_id(); });
  Attempt attempt{assignment, std::make_unique<FakeTask>(&world_, &checker_, &*job, assignment), {}, lease_end};
  attempt.slow = world_.Fault(world_.swarm.slow_task);
  world_.Say(name_, attempt.task->StepName(), " begins");
  StepLater(epoch, attempt);
  attempts_.emplace(epoch, std::move(attempt));
}

void FakeWorker::StepLater(EpochKey epoch, const Attempt& attempt) {
  Later(attempt.slow ? world_.random.Milliseconds(500, 3000) : world_.random.Milliseconds(1, 120),
        [this, epoch] { Step(epoch); });
}

void FakeWorker::Step(EpochKey epoch) {
  auto it = attempts_.find(epoch);
  if (it == attempts_.end() || it->second.result) return;
  Attempt& attempt = it->second;
  // A write attempt past its lease can do no harm, the others touch shared names.
  const bool expired = world_.now > attempt.lease_end && attempt.assignment.task().kind() != TASK_WRITE;
  world_.Say(name_, attempt.task->StepName(), expired ? " stops: its lease is over" : "");
  const absl::Status status = expired ? absl::UnavailableError("its lease ended") : attempt.task->Step(machine_);
  if (world_.Fault(world_.swarm.crash)) return Crash("crashes");
  if (world_.Fault(world_.swarm.pause)) {
    asleep_until_ = world_.now + world_.random.Milliseconds(100, 9000);
    world_.Say(name_, "sleeps for ", absl::FormatDuration(asleep_until_ - world_.now));
  }
  if (status.ok() && !attempt.task->done()) return StepLater(epoch, attempt);
  Later(absl::ZeroDuration(), [this, epoch, status] {
    if (auto ended = attempts_.find(epoch); ended != attempts_.end()) End(ended->second, status);
  });
}

void FakeWorker::End(Attempt& attempt, const absl::Status& status) {
  if (attempt.result) return;
  if (status.ok()) {
    attempt.result = attempt.task->result();
  } else {
    attempt.result.emplace().mutable_failure()->set_kind(KindOf(status.code()));
    attempt.result->mutable_failure()->set_message(std::string(status.message()));
  }
  world_.Say(name_, attempt.task->StepName(), " ends: ", status.ToString());
  Tell();
}

// ---- drain ----

void FakeWorker::Drain() {
  if (!alive_ || draining_) return;
  world_.Say(name_, "drains");
  draining_ = true;
  Later(absl::Seconds(2), [this] { HandBack(); });
  Tell();
}

void FakeWorker::HandBack() {
  for (auto& [epoch, attempt] : attempts_) End(attempt, absl::AbortedError("handed back: the worker drains"));
}

void FakeWorker::LeaveIfDrained() {
  if (draining_ && attempts_.empty()) Crash("has drained and ends");
}

}  // namespace millrace::simulation
