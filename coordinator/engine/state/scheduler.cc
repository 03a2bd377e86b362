#include "coordinator/engine/state/scheduler.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/byte_size.h"

namespace millrace {
namespace {

constexpr int64_t kDefaultImageMemory = 320 * kMiB;
constexpr size_t kFinishedForMedian = 3;  // fewer finished tasks say nothing about how long one takes
constexpr size_t kNamedWorkers = 3;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Duration Median(std::vector<absl::Duration> durations) {
  auto middle = durations.begin() + static_cast<std::ptrdiff_t>(durations.size() / 2);
  std::nth_element(durations.begin(), middle, durations.end());
  return *middle;
}

// "w1, w2, w3 and 5 more".
std::string Names(const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), kNamedWorkers);
  std::string words = absl::StrJoin(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", ");
  if (names.size() > shown) absl::StrAppend(&words, " and ", names.size() - shown, " more");
  return words;
}

int64_t ImageMemory(const JobRecord& job) {
  const int64_t asked = job.spec().max_image_memory_bytes();
  return asked > 0 ? asked : kDefaultImageMemory;
}

// What one image may need is the job's, not the worker's: else the dead letters would depend on who does the work.
std::string MemoryWords(const JobRecord& job, const std::string& workers) {
  const std::string needed = FormatByteSize(ImageMemory(job));
  return absl::StrCat(workers, ": memory budget below the ", needed, " that the job allows one image; start it with ",
                      "more --memory-budget, or submit the job with less --max-image-memory");
}

}  // namespace

absl::string_view Words(NotNow reason) {
  switch (reason) {
    case NotNow::kNone:
      return "ready";
    case NotNow::kHoldingBack:
      return "the coordinator has just restarted and waits until workers have told what they run";
    case NotNow::kReadOnly:
      return "the disk of the coordinator's --data-dir is nearly full";
    case NotNow::kReplaced:
      return "replaced by a newer process of the same name";
    case NotNow::kSilent:
      return "silent";
    case NotNow::kDraining:
      return "draining";
    case NotNow::kQuarantined:
      return "quarantined: other workers could read what it could not";
    case NotNow::kDiskLow:
      return "less than 5 % of its disk is free";
    case NotNow::kNoFreeSlot:
      return "no free slot";
    case NotNow::kJobNotRunning:
      return "the job is not running";
    case NotNow::kMemoryBudgetTooSmall:
      return "its memory budget is below what the job allows one image (--max-image-memory)";
    case NotNow::kOtherEncodingVersion:
      return "other encoder or codec versions than the worker that scanned";
    case NotNow::kOtherDisk:
      return "it sees another disk, or may not read the files";
    case NotNow::kNothingOpen:
      return "no open task";
    case NotNow::kOthersBeganIt:
      return "the worker that began the job looks first what is left of it";
    case NotNow::kFailedHere:
      return "the task failed there before, others are asked first";
    case NotNow::kSecondOpinion:
      return "what it found there is doubtful, another worker's opinion is awaited";
  }
  return "";
}

std::vector<Grant> Scheduler::GrantsFor(const LiveWorker& worker) const {
  std::vector<Grant> grants;
  if (AboutWorker(worker) != NotNow::kNone) return grants;
  const auto limit = static_cast<size_t>(worker.free_slots());
  for (auto grant : {&Scheduler::GrantOpen, &Scheduler::GrantCopies}) {
    for (const auto& [submitted, id] : durable_.running()) {
      if (grants.size() >= limit) return grants;
      (this->*grant)(worker, *durable_.Find(id), limit, grants);
    }
  }
  return grants;
}

void Scheduler::GrantOpen(const LiveWorker& worker, const JobRecord& job, size_t limit,
                          std::vector<Grant>& grants) const {
  const LiveJob* live = live_.FindJob(job.id());
  if (live == nullptr || live->open.empty() || AboutJob(worker, job) != NotNow::kNone) return;
  for (TaskSlot slot : live->open) {
    if (grants.size() >= limit) return;
    if (AboutTask(worker, job, slot) == NotNow::kNone) grants.push_back({job.id(), slot, false});
  }
}

void Scheduler::GrantCopies(const LiveWorker& worker, const JobRecord& job, size_t limit,
                            std::vector<Grant>& grants) const {
  const LiveJob* live = live_.FindJob(job.id());
  if (live == nullptr || !live->open.empty() || live->stragglers.empty()) return;
  if (AboutJob(worker, job) != NotNow::kNone) return;
  for (TaskSlot slot : live->stragglers) {
    if (grants.size() >= limit) return;
    const LiveTask& task = live->tasks.at(slot);
    const bool elsewhere =
        task.attempts.size() == 1 && live_.FindAttempt(task.attempts[0])->worker != worker.info.name();
    if (elsewhere && !Contains(TriedInVain(job, slot), worker.info.name())) grants.push_back({job.id(), slot, true});
  }
}

bool Scheduler::AnythingToLease() const {
  if (now_ < live_.hold_back_until || !live_.read_only.empty()) return false;
  return std::any_of(durable_.running().begin(), durable_.running().end(), [this](const auto& job) {
    const LiveJob* live = live_.FindJob(job.second);
    return live != nullptr && (!live->open.empty() || !live->stragglers.empty());
  });
}

NotNow Scheduler::AboutWorker(const LiveWorker& worker) const {
  if (worker.replaced) return NotNow::kReplaced;
  if (!live_.read_only.empty()) return NotNow::kReadOnly;
  if (now_ < live_.hold_back_until) return NotNow::kHoldingBack;
  if (now_ - worker.last_sync > options_.lease) return NotNow::kSilent;
  if (worker.info.draining() || live_.drain_wishes.contains(worker.info.name())) return NotNow::kDraining;
  if (now_ < worker.quarantined_until) return NotNow::kQuarantined;
  if (worker.info.disk_low()) return NotNow::kDiskLow;
  if (worker.free_slots() <= 0) return NotNow::kNoFreeSlot;
  return NotNow::kNone;
}

NotNow Scheduler::AboutJob(const LiveWorker& worker, const JobRecord& job) const {
  if (!job.running()) return NotNow::kJobNotRunning;
  const LiveJob* live = live_.FindJob(job.id());
  if (live != nullptr && live->excluded.contains(worker.info.name())) return NotNow::kOtherDisk;
  if (job.stage() == STAGE_CLEANUP) return NotNow::kNone;    // anybody can remove files
  const int64_t budget = worker.info.memory_budget_bytes();  // 0: not told
  if (budget > 0 && budget < ImageMemory(job)) return NotNow::kMemoryBudgetTooSmall;
  if (job.scan && job.stage() != STAGE_SCAN && job.scan->encoding_version() != worker.info.encoding_version())
    return NotNow::kOtherEncodingVersion;
  return NotNow::kNone;
}

NotNow Scheduler::AboutTask(const LiveWorker& worker, const JobRecord& job, TaskSlot slot) const {
  if (job.stage() == STAGE_CLEANUP) {
    const std::vector<std::string> first = ClaimantsToLook(job);
    if (Contains(first, worker.info.name())) return NotNow::kNone;
    if (AnyCould(job, first)) return NotNow::kOthersBeganIt;
  }
  const std::vector<std::string> tried = TriedInVain(job, slot);
  if (!Contains(tried, worker.info.name()) || !OthersCould(job, tried)) return NotNow::kNone;
  const TaskRecord* task = job.Task(slot);
  const bool failed = task != nullptr && Contains(task->failed_on, worker.info.name());
  return failed ? NotNow::kFailedHere : NotNow::kSecondOpinion;
}

bool Scheduler::OthersCould(const JobRecord& job, const std::vector<std::string>& but) const {
  return std::any_of(live_.process_of.begin(), live_.process_of.end(),
                     [&](const auto& entry) { return !Contains(but, entry.first) && Could(entry.first, job); });
}

bool Scheduler::AnyCould(const JobRecord& job, const std::vector<std::string>& names) const {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return Could(name, job); });
}

bool Scheduler::Could(const std::string& name, const JobRecord& job) const {
  const LiveWorker* worker = live_.FindWorker(name);
  if (worker == nullptr || worker->info.slots() <= 0) return false;
  const NotNow reason = AboutWorker(*worker);
  return (reason == NotNow::kNone || reason == NotNow::kNoFreeSlot) && AboutJob(*worker, job) == NotNow::kNone;
}

std::vector<std::string> Scheduler::ClaimantsToLook(const JobRecord& job) const {
  const LiveJob* live = live_.FindJob(job.id());
  std::vector<std::string> names;
  for (const std::string& name : job.claimants)
    if (live == nullptr || !live->tasks.contains(kStageTask) || !Contains(live->tasks.at(kStageTask).refused_by, name))
      names.push_back(name);
  return names;
}

std::vector<std::string> Scheduler::TriedInVain(const JobRecord& job, TaskSlot slot) const {
  std::vector<std::string> names;
  if (const TaskRecord* task = job.Task(slot)) names = task->failed_on;
  if (const LiveJob* live = live_.FindJob(job.id())) {
    auto it = live->tasks.find(slot);
    if (it != live->tasks.end()) names.insert(names.end(), it->second.refused_by.begin(), it->second.refused_by.end());
  }
  return names;
}

std::vector<TaskSlot> Scheduler::Stragglers(const JobRecord& job) const {
  std::vector<TaskSlot> stragglers;
  const LiveJob* live = live_.FindJob(job.id());
  if (live == nullptr || job.stage() != STAGE_WRITE || !live->open.empty()) return stragglers;
  if (live->durations.size() < kFinishedForMedian) return stragglers;
  const absl::Duration limit =
      std::max(options_.straggler_minimum, options_.straggler_factor * Median(live->durations));
  for (const auto& [slot, task] : live->tasks)
    if (slot >= 0 && task.attempts.size() == 1 && now_ - live_.FindAttempt(task.attempts[0])->started > limit)
      stragglers.push_back(slot);
  return stragglers;
}

std::vector<std::string> Scheduler::WaitingFor(const JobRecord& job) const {
  const LiveJob* live = live_.FindJob(job.id());
  if (live == nullptr || !job.running()) return {};
  const bool running = std::any_of(live->tasks.begin(), live->tasks.end(),
                                   [](const auto& task) { return !task.second.attempts.empty(); });
  if (live->open.empty()) {
    if (running || live->delayed.empty()) return {};
    if (job.stage() == STAGE_CLEANUP && now_ < live_.strangers_until)
      return {"the coordinator has just restarted: what may still run must end before anything is removed"};
    return {"a failed task is tried again in a moment"};
  }
  if (!live_.read_only.empty()) return {std::string(Words(NotNow::kReadOnly))};
  if (live_.process_of.empty()) return {"no worker is connected"};
  std::map<NotNow, std::vector<std::string>> names;
  for (const auto& [name, process] : live_.process_of) {
    const LiveWorker& worker = *live_.FindProcess(process);
    NotNow reason = AboutWorker(worker);
    if (reason == NotNow::kNone) reason = AboutJob(worker, job);
    if (reason == NotNow::kNone) reason = AboutTask(worker, job, *live->open.begin());
    if (reason == NotNow::kNone) return {};
    if (reason == NotNow::kNoFreeSlot && running) return {};  // work in hand is no reason to wonder
    names[reason].push_back(name);
  }
  std::vector<std::string> words;
  for (const auto& [reason, workers] : names)
    words.push_back(reason == NotNow::kHoldingBack            ? std::string(Words(reason))
                    : reason == NotNow::kMemoryBudgetTooSmall ? MemoryWords(job, Names(workers))
                                                              : absl::StrCat(Names(workers), ": ", Words(reason)));
  return words;
}

}  // namespace millrace
