#include "coordinator/engine/service/leases.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "coordinator/engine/service/job_view.h"

namespace millrace {
namespace {

TaskSlot SlotOf(const TaskKey& key) { return key.kind() == TASK_WRITE ? TaskSlot{key.index()} : kStageTask; }

void AddDrop(SyncReply& reply, const AttemptReport& report, Results::Verdict verdict) {
  SyncReply::Drop& drop = *reply.add_drop();
  *drop.mutable_attempt()->mutable_task() = report.task();
  *drop.mutable_attempt()->mutable_epoch() = report.epoch();
  drop.set_verdict(verdict);
}

void AddNotices(LiveWorker& worker, SyncReply& reply) {
  std::set<EpochKey> told;
  for (const SyncReply::Drop& drop : reply.drop()) told.insert(KeyOf(drop.attempt().epoch()));
  for (SyncReply::Drop& drop : worker.notices)
    if (told.insert(KeyOf(drop.attempt().epoch())).second) *reply.add_drop() = std::move(drop);
  worker.notices.clear();
}

bool SameTask(const TaskKey& a, const TaskKey& b) {
  return a.job_id() == b.job_id() && a.kind() == b.kind() && a.index() == b.index() && a.generation() == b.generation();
}

}  // namespace

absl::StatusOr<SyncReply> Leases::Sync(const SyncRequest& request) {
  ++context_.metrics.syncs;
  if (request.worker().name().empty() || request.worker().process().empty())
    return absl::InvalidArgumentError("a sync without the worker's name and process");
  // Meant for another coordinator: a worker that learns of the new one by this says everything again at once.
  if (request.incarnation() != 0 && request.incarnation() != context_.durable().incarnation())
    return Superseded(request);
  LiveWorker& worker = Register(request.worker());
  if (request.sequence() <= worker.sequence) return Superseded(request);  // reordered or doubled on its way
  worker.info = request.worker();
  worker.sequence = request.sequence();
  worker.last_sync = context_.moment.now;
  worker.notices.clear();  // all of it is said again below
  worker.granted.clear();
  context_.live.parked.erase(request.worker().process());
  LoseWhatItLacks(worker, request);
  LetGo(worker, request);
  SyncReply reply = ReplyTo(worker);
  for (const AttemptReport& report : request.have())
    if (std::optional<Results::Verdict> verdict = Hear(worker, report)) AddDrop(reply, report, *verdict);
  for (Assignment& assignment : GrantTo(worker)) *reply.add_add() = std::move(assignment);
  AddNotices(worker, reply);  // attempts that were fenced by what was heard after them
  return reply;
}

SyncReply Leases::Superseded(const SyncRequest& request) {
  ++context_.metrics.syncs_superseded;
  SyncReply reply;
  reply.set_sequence(request.sequence());
  reply.set_incarnation(context_.durable().incarnation());
  reply.set_superseded(true);
  return reply;
}

LiveWorker& Leases::Register(const WorkerInfo& info) {
  LiveState& live = context_.live;
  if (LiveWorker* known = live.FindProcess(info.process())) return *known;
  LiveWorker& worker = live.processes[info.process()];
  worker.info = info;
  worker.last_sync = context_.moment.now;
  LiveWorker* other = live.FindWorker(info.name());
  const bool older =
      other != nullptr && info.started_unix_ms() > 0 && info.started_unix_ms() < other->info.started_unix_ms();
  if (older) {  // a late message of a process that is gone, or of the older of two
    worker.replaced = true;
    return worker;
  }
  live.process_of[info.name()] = info.process();
  live.drain_wishes.erase(info.name());
  for (const auto& [submitted, id] : context_.durable().running()) live.Job(id).excluded.erase(info.name());
  if (other != nullptr) Replace(*other);
  return worker;
}

void Leases::Replace(LiveWorker& old) {
  old.replaced = true;
  old.drain_notice = true;
  context_.woken.insert(old.info.process());
  const std::set<EpochKey> attempts = old.attempts;
  for (const EpochKey& epoch : attempts)
    if (context_.live.FindAttempt(epoch) != nullptr) results_.Lose(epoch, Results::Loss::kProcess);
}

void Leases::LoseWhatItLacks(const LiveWorker& worker, const SyncRequest& request) {
  std::set<EpochKey> lacking = worker.attempts;
  for (const AttemptReport& report : request.have()) lacking.erase(KeyOf(report.epoch()));
  for (const EpochKey& epoch : lacking)
    if (context_.live.FindAttempt(epoch) != nullptr) results_.Lose(epoch, Results::Loss::kAssignment);
}

void Leases::LetGo(const LiveWorker& worker, const SyncRequest& request) {
  if (context_.live.leaving.empty()) return;
  std::set<EpochKey> gone;
  for (const auto& [epoch, scan] : context_.live.leaving)
    if (scan.process == worker.info.process()) gone.insert(epoch);
  for (const AttemptReport& report : request.have()) gone.erase(KeyOf(report.epoch()));
  for (const EpochKey& epoch : gone) flow_.Left(epoch);
}

void Leases::LetGoExpired() {
  std::vector<EpochKey> gone;
  for (const auto& [epoch, scan] : context_.live.leaving)
    if (scan.deadline < context_.moment.now) gone.push_back(epoch);
  for (const EpochKey& epoch : gone) flow_.Left(epoch);
}

std::optional<Results::Verdict> Leases::Hear(const LiveWorker& worker, const AttemptReport& report) {
  const EpochKey epoch = KeyOf(report.epoch());
  const Attempt* attempt = context_.live.FindAttempt(epoch);
  const bool its_own =
      attempt != nullptr && attempt->process == worker.info.process() && SameTask(attempt->key, report.task());
  if (!its_own && !Adopt(worker, report)) return results_.Late(report);
  Renew(epoch, report.progress());
  if (!report.has_result()) return std::nullopt;
  if (!context_.live.read_only.empty()) return std::nullopt;  // the worker keeps it and says it again
  return results_.Take(epoch, report.result());
}

// An attempt that an earlier coordinator leased goes on if its task still needs somebody.
bool Leases::Adopt(const LiveWorker& worker, const AttemptReport& report) {
  const TaskKey& key = report.task();
  const EpochKey epoch = KeyOf(report.epoch());
  const JobRecord* job = context_.Job(key.job_id());
  if (worker.replaced || job == nullptr || !job->running()) return false;
  if (epoch.first >= context_.durable().incarnation() || context_.live.FindAttempt(epoch) != nullptr) return false;
  const TaskSlot slot = SlotOf(key);
  const TaskRecord* task = job->Task(slot);
  if (task == nullptr || task->winner || !SameTask(key, job->KeyOfTask(slot))) return false;
  if (results_.AlreadyFailed(report) || !context_.live.Job(job->id()).tasks[slot].attempts.empty()) return false;
  ++context_.metrics.leases_adopted;
  context_.live.AddAttempt({epoch, job->id(), slot, key, worker.info.process(), worker.info.name(),
                            context_.moment.now + context_.options.lease, context_.moment.now, report.progress()});
  return true;
}

void Leases::Renew(EpochKey epoch, const Progress& progress) {
  Attempt& attempt = context_.live.attempts.at(epoch);
  attempt.deadline = context_.moment.now + context_.options.lease;
  if (attempt.progress.SerializeAsString() == progress.SerializeAsString()) return;
  attempt.progress = progress;
  context_.Touch(attempt.job_id);
}

std::vector<Assignment> Leases::GrantTo(const LiveWorker& worker) {
  std::vector<Assignment> assignments;
  for (const Grant& grant : context_.Scheduling().GrantsFor(worker)) assignments.push_back(Lease(worker, grant));
  return assignments;
}

Assignment Leases::Lease(const LiveWorker& worker, const Grant& grant) {
  const JobRecord& job = *context_.Job(grant.job_id);
  const EpochKey epoch(context_.durable().incarnation(), context_.next_sequence++);
  ++context_.metrics.leases_granted;
  if (grant.copy) ++context_.metrics.straggler_copies;
  Attempt attempt{epoch,
                  job.id(),
                  grant.slot,
                  job.KeyOfTask(grant.slot),
                  worker.info.process(),
                  worker.info.name(),
                  context_.moment.now + context_.options.lease,
                  context_.moment.now,
                  {}};
  Assignment assignment = AssignmentOf(job, attempt);
  context_.live.AddAttempt(std::move(attempt));
  if (assignment.has_scan() && !job.claimants.contains(worker.info.name())) {
    Update update;
    update.mutable_scan_leased()->set_job_id(job.id());
    update.mutable_scan_leased()->set_worker(worker.info.name());
    context_.Stage(std::move(update));
  }
  context_.Touch(job.id());
  return assignment;
}

SyncReply Leases::ReplyTo(const LiveWorker& worker) const {
  SyncReply reply;
  reply.set_sequence(worker.sequence);
  reply.set_lease_ms(absl::ToInt64Milliseconds(context_.options.lease));
  reply.set_incarnation(context_.durable().incarnation());
  const bool wanted = worker.replaced || context_.live.drain_wishes.contains(worker.info.name());
  reply.set_drain(wanted && !worker.info.draining());  // told until it says that it drains
  return reply;
}

void Leases::Park(absl::string_view process) {
  const LiveWorker* worker = context_.live.FindProcess(process);
  if (worker == nullptr) return;
  context_.live.parked.insert(std::string(process));
  if (!worker->notices.empty() || worker->drain_notice) context_.woken.insert(std::string(process));
}

void Leases::Unpark(absl::string_view process) { context_.live.parked.erase(std::string(process)); }

std::optional<SyncReply> Leases::Poll(absl::string_view process) {
  LiveWorker* worker = context_.live.FindProcess(process);
  if (worker == nullptr) return std::nullopt;
  SyncReply reply = ReplyTo(*worker);
  AddNotices(*worker, reply);
  for (Assignment& assignment : worker->granted) *reply.add_add() = std::move(assignment);
  for (Assignment& assignment : GrantTo(*worker)) *reply.add_add() = std::move(assignment);
  worker->granted.clear();
  worker->drain_notice = false;
  if (!Engine::HasNews(reply)) return std::nullopt;
  Unpark(process);
  return reply;
}

std::vector<std::string> Leases::TakeWoken() {
  std::vector<std::string> woken;
  for (const std::string& process : context_.woken)
    if (context_.live.parked.contains(process)) woken.push_back(process);
  context_.woken.clear();
  if (!std::exchange(context_.offer, false)) return woken;
  for (const std::string& process : context_.live.parked) {
    if (!context_.Scheduling().AnythingToLease()) break;
    LiveWorker& worker = *context_.live.FindProcess(process);
    std::vector<Assignment> granted = GrantTo(worker);
    if (granted.empty()) continue;
    if (std::find(woken.begin(), woken.end(), process) == woken.end()) woken.push_back(process);
    std::move(granted.begin(), granted.end(), std::back_inserter(worker.granted));
  }
  return woken;
}

void Leases::Tick() {
  ExpireLeases();
  LetGoExpired();
  OpenDelayed();
  FindStragglers();
  EndQuarantines();
  ForgetSilent();
  // Reasons not to act may have ended by time alone; asking again once a tick is cheap.
  context_.offer = context_.Scheduling().AnythingToLease();
}

void Leases::ExpireLeases() {
  if (!context_.live.read_only.empty()) return;
  std::vector<EpochKey> expired;
  for (const auto& [epoch, attempt] : context_.live.attempts)
    if (attempt.deadline < context_.moment.now) expired.push_back(epoch);
  for (const EpochKey& epoch : expired)
    if (context_.live.FindAttempt(epoch) != nullptr) results_.Lose(epoch, Results::Loss::kExpired);
}

void Leases::OpenDelayed() {
  for (const auto& [submitted, id] : context_.durable().running()) {
    LiveJob& job = context_.live.Job(id);
    while (!job.delayed.empty() && job.delayed.begin()->first <= context_.moment.now) {
      job.open.insert(job.delayed.begin()->second);
      job.delayed.erase(job.delayed.begin());
    }
  }
}

void Leases::FindStragglers() {
  for (const auto& [submitted, id] : context_.durable().running()) {
    const std::vector<TaskSlot> stragglers = context_.Scheduling().Stragglers(*context_.Job(id));
    context_.live.Job(id).stragglers = {stragglers.begin(), stragglers.end()};
  }
}

void Leases::EndQuarantines() {
  for (auto& [process, worker] : context_.live.processes) {
    if (worker.offences < context_.options.offences_until_quarantine) continue;
    if (context_.moment.now >= worker.quarantined_until) worker.offences = 0;
  }
}

void Leases::ForgetSilent() {
  for (auto it = context_.live.processes.begin(); it != context_.live.processes.end();) {
    const LiveWorker& worker = it->second;
    const bool silent = context_.moment.now - worker.last_sync > context_.options.forget_worker;
    if (!silent || !worker.attempts.empty()) {
      ++it;
      continue;
    }
    auto name = context_.live.process_of.find(worker.info.name());
    if (name != context_.live.process_of.end() && name->second == it->first) context_.live.process_of.erase(name);
    context_.live.parked.erase(it->first);
    it = context_.live.processes.erase(it);
  }
}

absl::StatusOr<const LiveWorker*> Leases::Drain(absl::string_view name) {
  LiveWorker* worker = context_.live.FindWorker(name);
  if (worker == nullptr)
    return absl::NotFoundError(absl::StrCat("no worker '", JsonEscape(name), "' is known; see workers list"));
  context_.live.drain_wishes.insert(std::string(name));
  worker->drain_notice = true;
  context_.woken.insert(worker->info.process());
  return worker;
}

}  // namespace millrace
