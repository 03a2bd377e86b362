#include "coordinator/engine/service/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "coordinator/engine/service/engine_context.h"
#include "coordinator/engine/service/job_flow.h"
#include "coordinator/engine/service/job_view.h"
#include "coordinator/engine/service/leases.h"
#include "coordinator/engine/service/results.h"

namespace millrace {
namespace {

constexpr int kCommitsWithoutSync = 16;  // the planted bug `acknowledge_before_fsync`

}  // namespace

class Engine::Core {
 public:
  Core(const EngineOptions& options, Journal* journal) : context(options, journal) {}

  // Sets the time of the call; an error if the engine is dead.
  absl::Status Begin(Moment moment) {
    context.moment = moment;
    return Alive();
  }
  absl::Status Alive() const {
    if (context.state.status().ok()) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat("the coordinator's journal failed and it is shutting down: ", context.state.status().message()));
  }
  absl::StatusOr<JobStatus> Status(absl::string_view job_id, Moment moment) const {
    const JobRecord& job = *context.Job(job_id);
    JobStatus status = StatusOf(job, context.live, context.durable().incarnation(), moment);
    const Scheduler scheduler(context.options, context.durable(), context.live, moment.now);
    for (std::string& words : scheduler.WaitingFor(job)) status.add_waiting_for(std::move(words));
    return status;
  }

  EngineContext context;
  JobFlow flow{&context};
  Results results{&context, &flow};
  Leases leases{&context, &results, &flow};
  int commits_to_skip = kCommitsWithoutSync;
};

Engine::Engine(EngineOptions options, Journal* journal) : core_(std::make_unique<Core>(options, journal)) {}
Engine::~Engine() = default;

absl::Status Engine::Start(Moment moment) {
  EngineContext& context = core_->context;
  MILLRACE_RETURN_IF_ERROR(context.state.Replay());
  context.moment = moment;
  Update update;
  update.mutable_coordinator_started()->set_incarnation(durable().incarnation() + 1);
  context.Stage(std::move(update));
  const absl::Duration hold_back = context.options.hold_back;
  if (!durable().running().empty())
    context.live.hold_back_until =
        moment.now + (hold_back < absl::ZeroDuration() ? 2 * context.options.sync_period() : hold_back);
  if (hold_back != absl::ZeroDuration() && !durable().jobs().empty())
    context.live.strangers_until = moment.now + context.options.lease;
  const std::set<std::pair<int64_t, std::string>> running = durable().running();
  for (const auto& [submitted, id] : running) core_->flow.Settle(id);
  return context.state.Commit();
}

absl::Status Engine::Commit() {
  if (core_->context.options.faults.acknowledge_before_fsync && --core_->commits_to_skip > 0) return core_->Alive();
  core_->commits_to_skip = kCommitsWithoutSync;
  core_->context.state.Commit().IgnoreError();  // sticks
  return core_->Alive();
}

bool Engine::dirty() const { return core_->context.state.dirty(); }

absl::StatusOr<SyncReply> Engine::Sync(const SyncRequest& request, Moment moment) {
  MILLRACE_RETURN_IF_ERROR(core_->Begin(moment));
  return core_->leases.Sync(request);
}

bool Engine::HasNews(const SyncReply& reply) {
  return reply.add_size() > 0 || reply.drop_size() > 0 || reply.drain() || reply.superseded();
}

void Engine::Park(absl::string_view process) { core_->leases.Park(process); }
void Engine::Unpark(absl::string_view process) { core_->leases.Unpark(process); }

std::optional<SyncReply> Engine::Poll(absl::string_view process, Moment moment) {
  if (!core_->Begin(moment).ok()) return std::nullopt;
  return core_->leases.Poll(process);
}

std::vector<std::string> Engine::TakeWoken(Moment moment) {
  if (!core_->Begin(moment).ok()) return {};
  return core_->leases.TakeWoken();
}

void Engine::Tick(Moment moment) {
  if (core_->Begin(moment).ok()) core_->leases.Tick();
}

absl::StatusOr<SubmitJobReply> Engine::Submit(const SubmitJobRequest& request, absl::string_view nonce, Moment moment) {
  MILLRACE_RETURN_IF_ERROR(core_->Begin(moment));
  SubmitJobReply reply;
  MILLRACE_ASSIGN_OR_RETURN(const bool existed, core_->flow.Submit(request, nonce));
  reply.set_existed(existed);
  MILLRACE_ASSIGN_OR_RETURN(*reply.mutable_job(), core_->Status(request.job_id(), moment));
  return reply;
}

void Engine::SetReadOnly(absl::string_view why) {
  LiveState& live = core_->context.live;
  if (live.read_only == why) return;
  live.read_only = std::string(why);
  core_->context.offer = true;
}

absl::StatusOr<std::string> Engine::ResolveJob(absl::string_view id_or_prefix) const {
  MILLRACE_RETURN_IF_ERROR(core_->Alive());
  if (id_or_prefix.empty()) return absl::InvalidArgumentError("no job is named");
  const auto& jobs = durable().jobs();
  std::vector<std::string> found;
  for (auto it = jobs.lower_bound(id_or_prefix); it != jobs.end() && absl::StartsWith(it->first, id_or_prefix); ++it) {
    if (it->first == id_or_prefix) return it->first;
    found.push_back(it->first);
    if (found.size() == 3) break;
  }
  if (found.size() == 1) return found[0];
  const std::string shown = JsonEscape(id_or_prefix);
  if (found.empty()) return absl::NotFoundError(absl::StrCat("no job '", shown, "'; see jobs list"));
  return absl::InvalidArgumentError(
      absl::StrCat("'", shown, "' begins more than one job id: ", found[0], ", ", found[1], " …"));
}

absl::StatusOr<JobStatus> Engine::Get(absl::string_view job_id, Moment moment) const {
  MILLRACE_ASSIGN_OR_RETURN(const std::string id, ResolveJob(job_id));
  return core_->Status(id, moment);
}

uint64_t Engine::Version(absl::string_view job_id) const {
  return durable().Find(job_id) == nullptr ? 0 : VersionOf(live().FindJob(job_id), durable().incarnation());
}

absl::StatusOr<ListJobsReply> Engine::List(Moment moment) const {
  MILLRACE_RETURN_IF_ERROR(core_->Alive());
  std::vector<const JobRecord*> jobs;
  for (const auto& [id, job] : durable().jobs()) jobs.push_back(&job);
  std::stable_sort(jobs.begin(), jobs.end(), [](const JobRecord* a, const JobRecord* b) {
    return a->status.submitted_unix_ms() > b->status.submitted_unix_ms();
  });
  ListJobsReply reply;
  for (const JobRecord* job : jobs) {
    JobStatus& status = *reply.add_jobs();
    status = StatusOf(*job, live(), durable().incarnation(), moment);
    status.clear_attempts();
    status.clear_first_bad_rows();
  }
  return reply;
}

absl::StatusOr<JobStatus> Engine::Cancel(absl::string_view job_id, Moment moment) {
  MILLRACE_RETURN_IF_ERROR(core_->Begin(moment));
  MILLRACE_ASSIGN_OR_RETURN(const std::string id, ResolveJob(job_id));
  MILLRACE_RETURN_IF_ERROR(core_->flow.Cancel(id));
  return core_->Status(id, moment);
}

absl::StatusOr<JobStatus> Engine::Retry(absl::string_view job_id, absl::string_view nonce, Moment moment) {
  MILLRACE_RETURN_IF_ERROR(core_->Begin(moment));
  MILLRACE_ASSIGN_OR_RETURN(const std::string id, ResolveJob(job_id));
  MILLRACE_RETURN_IF_ERROR(core_->flow.Retry(id, nonce));
  return core_->Status(id, moment);
}

absl::StatusOr<GetJobLogReply> Engine::GetJobLog(absl::string_view job_id, int64_t after) const {
  MILLRACE_ASSIGN_OR_RETURN(const std::string id, ResolveJob(job_id));
  return LogOf(*durable().Find(id), after);
}

absl::StatusOr<ListWorkersReply> Engine::ListWorkers(Moment moment) const {
  MILLRACE_RETURN_IF_ERROR(core_->Alive());
  ListWorkersReply reply;
  for (const auto& [name, process] : live().process_of)
    *reply.add_workers() = StatusOf(*live().FindProcess(process), live(), core_->context.options, moment);
  return reply;
}

absl::StatusOr<DrainWorkerReply> Engine::DrainWorker(absl::string_view name, Moment moment) {
  MILLRACE_RETURN_IF_ERROR(core_->Begin(moment));
  MILLRACE_ASSIGN_OR_RETURN(const LiveWorker* worker, core_->leases.Drain(name));
  DrainWorkerReply reply;
  *reply.mutable_worker() = StatusOf(*worker, live(), core_->context.options, moment);
  return reply;
}

std::vector<std::string> Engine::TakeChangedJobs() {
  const std::set<std::string> changed = std::exchange(core_->context.changed_jobs, {});
  return {changed.begin(), changed.end()};
}

EngineMetrics Engine::Metrics(Moment moment) const {
  EngineMetrics metrics = core_->context.metrics;
  metrics.journal_commits = core_->context.state.commits();
  AddGauges(core_->context, moment, metrics);
  return metrics;
}

const DurableState& Engine::durable() const { return core_->context.durable(); }
const LiveState& Engine::live() const { return core_->context.live; }

}  // namespace millrace
