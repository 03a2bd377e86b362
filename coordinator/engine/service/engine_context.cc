#include "coordinator/engine/service/engine_context.h"

#include <utility>

namespace millrace {

void EngineContext::Stage(Update update) {
  update.set_unix_ms(moment.unix_ms);
  state.Stage(update).IgnoreError();  // sticks in `state`
  ++metrics.journal_rows;
  if (const std::string job_id = JobIdOf(update); !job_id.empty()) Touch(job_id);
}

void EngineContext::Touch(const std::string& job_id) {
  ++live.Job(job_id).changes;
  changed_jobs.insert(job_id);
}

void EngineContext::Note(const std::string& job_id, absl::string_view level, std::string text) {
  const JobRecord* job = Job(job_id);
  if (job == nullptr || !job->running()) return;  // an archived job gets no more rows
  Update update;
  update.mutable_job_noted()->set_job_id(job_id);
  update.mutable_job_noted()->set_level(std::string(level));
  update.mutable_job_noted()->set_text(std::move(text));
  Stage(std::move(update));
}

void EngineContext::Open(const std::string& job_id, TaskSlot slot, absl::Duration delay) {
  LiveJob& job = live.Job(job_id);
  if (delay > absl::ZeroDuration())
    job.delayed.insert({moment.now + delay, slot});
  else
    job.open.insert(slot);
  offer = true;
}

void EngineContext::Fence(EpochKey epoch) {
  const Attempt attempt = live.RemoveAttempt(epoch);
  LiveWorker* worker = live.FindProcess(attempt.process);
  if (worker == nullptr) return;
  std::erase_if(worker->granted, [&](const Assignment& assignment) { return KeyOf(assignment.epoch()) == epoch; });
  SyncReply::Drop& drop = worker->notices.emplace_back();
  *drop.mutable_attempt() = NameOf(attempt);
  drop.set_verdict(SyncReply::Drop::FENCED);
  woken.insert(attempt.process);
}

void EngineContext::FenceAll(const std::string& job_id) {
  const std::map<TaskSlot, LiveTask> tasks = live.Job(job_id).tasks;
  for (const auto& [slot, task] : tasks)
    for (const EpochKey& epoch : task.attempts) Fence(epoch);
}

AttemptName NameOf(const Attempt& attempt) {
  AttemptName name;
  *name.mutable_task() = attempt.key;
  *name.mutable_epoch() = EpochOf(attempt.epoch);
  return name;
}

Epoch EpochOf(EpochKey key) {
  Epoch epoch;
  epoch.set_incarnation(key.first);
  epoch.set_sequence(key.second);
  return epoch;
}

}  // namespace millrace
