#include "tests/simulation/checker.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/hash.h"

namespace millrace::simulation {
namespace {

std::string Words(const TaskKey& key) {
  return absl::StrCat(key.job_id(), " ", TaskKind_Name(key.kind()), " ", key.index(), " generation ", key.generation());
}

bool AddsUp(const RowCounts& counts) {
  return counts.rows() == counts.written() + counts.discarded() + counts.dead_letters();
}

bool IsClaim(const std::string& path) { return absl::EndsWith(path, "/_millrace.json"); }

}  // namespace

const JobModel* Checker::ModelOf(const std::string& job_id) const {
  for (const JobModel& job : jobs_)
    if (job.id == job_id) return &job;
  return nullptr;
}

const JobModel* Checker::OwnerOf(const std::string& path) const {
  for (const JobModel& job : jobs_)
    if (absl::StartsWith(path, job.output() + "/")) return &job;
  return nullptr;
}

// ---- rows ----

void Checker::OnDurable(const Update& row) {
  if (row.has_shard_won()) CheckWon(row.shard_won());
  if (row.has_job_planned() && destroyed_.contains(KeyOf(row.job_planned().epoch())))
    world_.Violate("P4", row.job_planned().job_id(), ": the scan of an attempt that was told to stop was taken");
  if (row.has_job_publishing()) CheckPublishing(row.job_publishing());
  if (row.has_job_finished()) CheckFinished(row.job_finished());
}

void Checker::CheckWon(const ShardWon& row) {
  const JobRecord* job = journal_.durable().Find(row.task().job_id());
  const TaskRecord* task = job == nullptr ? nullptr : job->Task(row.task().index());
  if (task == nullptr || row.task().generation() != job->generation)
    return world_.Violate("P4", Words(row.task()), ": a winner for a task that is not to be done");
  if (task->winner) return world_.Violate("P4", Words(row.task()), ": a second winner replaced the first");
  if (destroyed_.contains(KeyOf(row.epoch())))
    return world_.Violate("P4", Words(row.task()), ": an attempt won that had been told to stop");
  const WriteWork& work = job->plan[row.task().index()];
  const RowCounts& counts = row.result().counts();
  if (counts.rows() != work.end() - work.begin() || !AddsUp(counts))
    world_.Violate("P2", Words(row.task()), ": its counts do not add up");
}

void Checker::CheckPublishing(const JobPublishing& row) {
  const JobRecord* job = journal_.durable().Find(row.job_id());
  if (job == nullptr || (job->stage() != STAGE_WRITE && !job->unpublishing))
    return world_.Violate("P3", row.job_id(), ": published from another stage than write");
  for (size_t i = 0; i < job->tasks.size(); ++i)
    if (!job->tasks[i].winner) world_.Violate("P3", row.job_id(), ": published while shard ", i, " has no winner");
  if (ModelOf(row.job_id())->must_fail) world_.Violate("P2", row.job_id(), ": published above its limit of bad rows");
}

void Checker::CheckFinished(const JobFinished& row) {
  const JobModel& model = *ModelOf(row.job_id());
  const JobRecord* job = journal_.durable().Find(row.job_id());
  if (job == nullptr) return world_.Violate("P1", row.job_id(), ": ended without having been submitted");
  if (row.state() == JOB_SUCCEEDED) CheckDataset(model, *job);
  const bool begun = job->stage() == STAGE_PUBLISH || job->unpublishing;
  if (row.state() == JOB_CANCELLED || (row.state() == JOB_FAILED && !begun)) CheckNothingVisible(model);
}

// ---- files ----

void Checker::OnVisible(const Disk& disk, const std::string& path, const std::string* bytes) {
  if (IsClaim(path)) return void(claimed_[path].insert(&disk));
  const JobModel* model = OwnerOf(path);
  if (model == nullptr) return world_.Violate("P6", path, " belongs to no job");
  const JobRecord* job = journal_.durable().Find(model->id);
  if (bytes == nullptr) {
    const bool cancelled = job != nullptr && job->unpublishing && disk.Find(model->output() + "/_SUCCESS") == nullptr;
    return cancelled ? void() : world_.Violate("P3", path, " vanished");
  }
  const bool publishing = job != nullptr && (job->stage() == STAGE_PUBLISH || job->state() == JOB_SUCCEEDED);
  if (!publishing)
    return world_.Violate("P6", path, " became visible on ", disk.name(), " before ", model->id,
                          "'s JobPublishing was durable");
  if (job->state() == JOB_SUCCEEDED) return world_.Violate("P4", path, " became visible after ", model->id, " ended");
  for (size_t i = 0; i < job->plan.size(); ++i) {
    if (ShardPath(*model, job->plan[i]) != path) continue;
    const PreparedFile& shard = job->tasks[i].winner->result.shard();
    if (shard.size() != static_cast<int64_t>(bytes->size()) || shard.xxh3_128() != Xxh3Of(*bytes))
      world_.Violate("P6", path, " is partial, or not the winner's");
  }
}

std::map<std::string, std::string> Checker::Files(const JobModel& model) {
  std::map<std::string, std::string> files;
  for (const Disk* disk : disks_) {
    std::map<std::string, std::string> visible = disk->Visible(model.output());
    std::erase_if(visible, [](const auto& file) { return IsClaim(file.first); });
    if (!files.empty() && !visible.empty()) world_.Violate("P3", model.id, ": its dataset is split over two disks");
    files.merge(visible);
  }
  return files;
}

void Checker::CheckNothingVisible(const JobModel& model) {
  for (const auto& [path, bytes] : Files(model)) world_.Violate("P6", path, " is visible, but its job did not succeed");
}

void Checker::CheckDataset(const JobModel& model, const JobRecord& job) {
  if (job.stage() != STAGE_PUBLISH) return world_.Violate("P3", model.id, ": succeeded without having published");
  std::map<std::string, std::string> files = Files(model);
  finished_[model.id] = files;
  for (size_t i = 0; i < job.plan.size(); ++i) {
    const WriteResult& winner = job.tasks[i].winner->result;
    const std::string path = ShardPath(model, job.plan[i]);
    if (!outcomes_.contains(winner.outcomes_hash())) return world_.Violate("P5", path, ": outcomes of nobody");
    if (files[path] != ShardBytes(model, job.plan[i], outcomes_[winner.outcomes_hash()]))
      world_.Violate("P5", path, ": its bytes are not those of its rows and their outcomes");
  }
  for (const char* name : {"/dead-letters", "/_manifest.json", "/_SUCCESS"})
    if (!files.contains(model.output() + name)) world_.Violate("P3", model.output(), name, " is missing");
  CheckRows(model, job, files);
}

// Every row exactly once: in a shard, among the dead letters, or discarded.
void Checker::CheckRows(const JobModel& model, const JobRecord& job, const std::map<std::string, std::string>& files) {
  std::vector<int> times(model.rows.size(), 0);
  int64_t written = 0, dead = 0;
  for (const auto& [path, bytes] : files) {
    for (int row : NumbersAfter("row", bytes)) ++times.at(static_cast<size_t>(row)), ++written;
    for (int row : NumbersAfter("dead", bytes)) ++times.at(static_cast<size_t>(row)), ++dead;
  }
  for (size_t i = 0; i < times.size(); ++i) {
    const int expected = model.rows[i].discarded ? 0 : 1;
    if (times[i] != expected) world_.Violate("P3", model.id, ": row ", i, " is in its output ", times[i], " times");
  }
  const RowCounts& counts = job.status.counts();
  if (!AddsUp(counts) || counts.rows() != static_cast<int64_t>(model.rows.size()) || counts.written() != written ||
      counts.dead_letters() != dead)
    world_.Violate("P2", model.id, ": counts ", counts.ShortDebugString(), " for ", written, " written, ", dead,
                   " dead of ", model.rows.size());
}

// ---- acknowledgements ----

void Checker::OnAcknowledged(const std::string& job_id, uint32_t generation) {
  uint32_t& known = acknowledged_[job_id];
  known = std::max(known, generation);
}

void Checker::OnDropSent(const SyncReply::Drop& drop) {
  const TaskKey& key = drop.attempt().task();
  const EpochKey epoch = KeyOf(drop.attempt().epoch());
  if (drop.verdict() == SyncReply::Drop::ACCEPTED && key.kind() == TASK_WRITE)
    accepted_[{key.job_id(), key.generation(), key.index()}] = epoch;
}

void Checker::OnCrash() {
  for (const auto& [id, generation] : acknowledged_) {
    const JobRecord* job = journal_.durable().Find(id);
    if (job == nullptr || job->generation < generation)
      return world_.Violate("P1", id, ": a submission, cancel or retry was acknowledged and is lost");
  }
  for (const auto& [key, epoch] : accepted_) {
    const JobRecord* job = journal_.durable().Find(std::get<0>(key));
    if (job == nullptr) return world_.Violate("P1", std::get<0>(key), ": a job with an accepted shard is lost");
    if (job->generation != std::get<1>(key) || std::get<2>(key) >= job->tasks.size()) continue;
    const std::optional<Winner>& winner = job->tasks[std::get<2>(key)].winner;
    if (!winner || winner->epoch != epoch)
      return world_.Violate("P3", job->id(), ": the accepted result of shard ", std::get<2>(key), " is lost");
  }
}

void Checker::OnStarted(const DurableState& engine) {
  if (engine.DebugString() != journal_.durable().DebugString())
    world_.Violate("P1", "the restarted coordinator's state is not what its journal holds");
}

void Checker::OnEnd(const DurableState& engine) {
  const std::string durable = journal_.durable().DebugString();
  if (engine.DebugString() != durable || journal_.Replayed().DebugString() != durable)
    world_.Violate("P1", "replaying the journal gives another state than the coordinator has");
  OnCrash();
  for (const JobModel& model : jobs_) {
    const JobRecord* job = journal_.durable().Find(model.id);
    if (job == nullptr) continue;
    if (job->state() != JOB_SUCCEEDED && job->stage() != STAGE_PUBLISH && !job->unpublishing)
      CheckNothingVisible(model);
    if (job->state() == JOB_SUCCEEDED && Files(model) != finished_[model.id])
      world_.Violate("P4", model.id, ": its dataset changed after it was acknowledged");
    for (const Disk* disk : disks_)
      if (job->state() == JOB_CANCELLED && claimed_[model.output() + "/_millrace.json"].size() < 2 &&
          !disk->Visible(model.output()).empty())
        world_.Violate("P4", model.id, " was cancelled, but its claim is there: it stayed, or a fenced worker made it");
    if (job->state() == JOB_SUCCEEDED && model.must_fail)
      world_.Violate("P2", model.id, ": succeeded above its limit of bad rows");
  }
}

}  // namespace millrace::simulation
