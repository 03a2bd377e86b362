#include "coordinator/engine/state/live_state.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace millrace {
namespace {

template <typename Map>
auto* FindIn(Map& map, absl::string_view key) {
  auto it = map.find(key);
  return it == map.end() ? nullptr : &it->second;
}

}  // namespace

void AddOperators(const google::protobuf::RepeatedPtrField<OperatorStats>& from,
                  google::protobuf::RepeatedPtrField<OperatorStats>& to) {
  for (const OperatorStats& stats : from) {
    auto it = std::find_if(to.begin(), to.end(), [&](const auto& other) { return other.name() == stats.name(); });
    OperatorStats& sum = it == to.end() ? *to.Add() : *it;
    sum.set_name(stats.name());
    sum.set_rows(sum.rows() + stats.rows());
    sum.set_bytes(sum.bytes() + stats.bytes());
    sum.set_busy_ns(sum.busy_ns() + stats.busy_ns());
    sum.set_wait_ns(sum.wait_ns() + stats.wait_ns());
  }
}

LiveWorker* LiveState::FindProcess(absl::string_view process) { return FindIn(processes, process); }
const LiveWorker* LiveState::FindProcess(absl::string_view process) const { return FindIn(processes, process); }

LiveWorker* LiveState::FindWorker(absl::string_view name) {
  const std::string* process = FindIn(process_of, name);
  return process == nullptr ? nullptr : FindProcess(*process);
}
const LiveWorker* LiveState::FindWorker(absl::string_view name) const {
  return const_cast<LiveState*>(this)->FindWorker(name);
}

LiveJob& LiveState::Job(absl::string_view job_id) {
  LiveJob* job = FindIn(jobs, job_id);
  return job != nullptr ? *job : jobs[std::string(job_id)];
}
const LiveJob* LiveState::FindJob(absl::string_view job_id) const { return FindIn(jobs, job_id); }

const Attempt* LiveState::FindAttempt(EpochKey epoch) const {
  auto it = attempts.find(epoch);
  return it == attempts.end() ? nullptr : &it->second;
}

void LiveState::AddAttempt(Attempt attempt) {
  LiveJob& job = Job(attempt.job_id);
  job.open.erase(attempt.slot);
  job.stragglers.erase(attempt.slot);
  for (auto it = job.delayed.begin(); it != job.delayed.end();)
    it = it->second == attempt.slot ? job.delayed.erase(it) : std::next(it);
  job.tasks[attempt.slot].attempts.push_back(attempt.epoch);
  processes.at(attempt.process).attempts.insert(attempt.epoch);
  attempts.emplace(attempt.epoch, std::move(attempt));
}

Attempt LiveState::RemoveAttempt(EpochKey epoch) {
  auto it = attempts.find(epoch);
  assert(it != attempts.end());
  Attempt attempt = std::move(it->second);
  attempts.erase(it);
  if (LiveWorker* worker = FindProcess(attempt.process)) worker->attempts.erase(epoch);
  std::vector<EpochKey>& live = Task(attempt).attempts;
  live.erase(std::remove(live.begin(), live.end(), epoch), live.end());
  Job(attempt.job_id).stragglers.erase(attempt.slot);
  return attempt;
}

void LiveState::ClearTasks(absl::string_view job_id) {
  LiveJob& job = Job(job_id);
  job.open.clear();
  job.delayed.clear();
  job.stragglers.clear();
  job.tasks.clear();
  job.excluded.clear();
  job.durations.clear();
}

}  // namespace millrace
