#include "tests/simulation/fake_task.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"

namespace millrace::simulation {

constexpr char kClaim[] = "_millrace.json";

std::string FakeTask::JobFolder() const {
  return Out(absl::StrCat("_staging/", job_.id, ".", ToHex(assignment_.nonce()).substr(0, 8)));
}

std::string FakeTask::AttemptFolder() const {
  const TaskKey& key = assignment_.task();
  return absl::StrCat(JobFolder(), "/", key.kind(), "-", key.index(), ".", key.generation(), ".",
                      assignment_.epoch().incarnation(), "-", assignment_.epoch().sequence());
}

std::string FakeTask::StepName() const {
  return absl::StrCat(job_.id, " ", TaskKind_Name(assignment_.task().kind()), " ", assignment_.task().index(), " (",
                      assignment_.epoch().incarnation(), "-", assignment_.epoch().sequence(), ") step ", step_);
}

absl::Status FakeTask::Step(const Machine& machine) {
  if (world_.Fault(world_.swarm.task_error)) return absl::UnavailableError("the disk hiccuped");
  absl::Status status;
  switch (assignment_.task().kind()) {
    case TASK_SCAN:
      status = StepScan(machine);
      break;
    case TASK_WRITE:
      status = StepWrite(machine);
      break;
    case TASK_PUBLISH:
      status = StepPublish(machine);
      break;
    default:
      status = StepCleanup(machine);
  }
  ++step_;
  return status;
}

absl::Status FakeTask::CheckClaim(const Machine& machine) const {
  const std::string* claim = machine.disk->Find(Out(kClaim));
  if (claim != nullptr && *claim == ClaimText()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("this worker sees another disk at ", job_.output()));
}

absl::Status FakeTask::CheckScan(const Machine& machine, const std::string& scan_dir) const {
  if (scan_dir.empty() || machine.disk->Find(scan_dir + "/rows") != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(scan_dir, "/rows is not there"));
}

absl::Status FakeTask::StepScan(const Machine& machine) {
  const std::string folder = AttemptFolder();
  if (step_ == 0) {
    absl::Status created = machine.disk->CreateExclusive(Out(kClaim), ClaimText());
    if (absl::IsAlreadyExists(created) && *machine.disk->Find(Out(kClaim)) == ClaimText()) return absl::OkStatus();
    return created;
  }
  if (step_ == 1) return machine.disk->Write(folder + "/rows", "rows"), absl::OkStatus();
  std::string dead;
  for (size_t i = 0; i < job_.rows.size(); ++i)
    if (job_.rows[i].unusable) absl::StrAppend(&dead, "dead ", i, "\n");
  machine.disk->Write(folder + "/dead", dead);
  *result_.mutable_scan() = job_.Scan(folder);
  done_ = true;
  return absl::OkStatus();
}

std::string FakeTask::Outcomes(bool mount_lost) {
  const WriteWork& work = assignment_.write();
  const std::vector<int> rows = job_.RowsOf(work.split());
  std::string outcomes;
  for (int64_t i = work.begin(); i < work.end(); ++i) {
    const Row& row = job_.rows[static_cast<size_t>(rows[static_cast<size_t>(i)])];
    const bool unreadable = mount_lost || world_.Fault(world_.swarm.transient_row);
    outcomes += unreadable ? kEnvironmental : row.bad ? kDead : kWritten;
  }
  return outcomes;
}

absl::Status FakeTask::StepWrite(const Machine& machine) {
  const WriteWork& work = assignment_.write();
  if (step_ == 0) {
    MILLRACE_RETURN_IF_ERROR(CheckClaim(machine));
    return CheckScan(machine, work.scan_dir());
  }
  if (step_ == 1) {
    outcomes_ = Outcomes(machine.mount_lost);
    const std::string bytes = ShardBytes(job_, work, outcomes_);
    machine.disk->BeginPrepare(AttemptFolder() + "/shard", bytes.substr(0, bytes.size() / 2));
    return absl::OkStatus();
  }
  if (step_ == 2)
    return machine.disk->Write(AttemptFolder() + "/dead", DeadLetterBytes(job_, work, outcomes_)), absl::OkStatus();
  FinishWrite(machine);
  return absl::OkStatus();
}

void FakeTask::FinishWrite(const Machine& machine) {
  const WriteWork& work = assignment_.write();
  WriteResult& result = *result_.mutable_write();
  *result.mutable_shard() =
      machine.disk->FinishPrepare(ShardPath(job_, work), AttemptFolder() + "/shard", ShardBytes(job_, work, outcomes_));
  result.set_dead_letters(AttemptFolder() + "/dead");
  const int64_t rows = work.end() - work.begin();
  const int64_t written = std::count(outcomes_.begin(), outcomes_.end(), kWritten);
  result.mutable_counts()->set_rows(rows);
  result.mutable_counts()->set_written(written);
  result.mutable_counts()->set_dead_letters(rows - written);
  result.set_environmental(std::count(outcomes_.begin(), outcomes_.end(), kEnvironmental));
  result.set_outcomes_hash(Xxh3Of(outcomes_));
  checker_.Register(result.outcomes_hash(), outcomes_);
  done_ = true;
}

absl::Status FakeTask::PublishText(const Machine& machine, const std::string& name, const std::string& bytes) {
  return machine.disk->Publish(machine.disk->FinishPrepare(Out(name), absl::StrCat(AttemptFolder(), "/", name), bytes));
}

absl::StatusOr<std::string> FakeTask::CollectDeadLetters(const Machine& machine) const {
  std::vector<std::string> names = {assignment_.publish().scan().scan_dir() + "/dead"};
  for (const PublishWork::Shard& shard : assignment_.publish().shards()) names.push_back(shard.result().dead_letters());
  std::string dead;
  for (const std::string& name : names) {
    const std::string* bytes = machine.disk->Find(name);
    if (bytes == nullptr) return absl::NotFoundError(absl::StrCat(name, " is gone"));
    dead += *bytes;
  }
  return dead;
}

absl::Status FakeTask::StepPublish(const Machine& machine) {
  MILLRACE_RETURN_IF_ERROR(CheckClaim(machine));
  const int shards = assignment_.publish().shards_size();
  if (machine.disk->Find(Out("_SUCCESS")) != nullptr && step_ < shards + 3)
    step_ = shards + 3;  // an earlier one got so far
  if (step_ < shards + 3) MILLRACE_RETURN_IF_ERROR(CheckScan(machine, assignment_.publish().scan().scan_dir()));
  if (step_ < shards) return machine.disk->Publish(assignment_.publish().shards(step_).result().shard());
  if (step_ == shards) {
    MILLRACE_ASSIGN_OR_RETURN(const std::string dead, CollectDeadLetters(machine));
    return PublishText(machine, "dead-letters", dead);
  }
  if (step_ == shards + 1) return PublishText(machine, "_manifest.json", absl::StrCat(shards, " shards"));
  if (step_ == shards + 2) return PublishText(machine, "_SUCCESS", "done");
  if (step_ == shards + 3) return machine.disk->RemoveTree(JobFolder()), absl::OkStatus();
  result_.mutable_publish()->set_files(shards + 3);
  done_ = true;
  return absl::OkStatus();
}

absl::Status FakeTask::StepCleanup(const Machine& machine) {
  const bool unpublish = assignment_.cleanup().unpublish();
  if (step_ == 0) {
    const bool ours = CheckClaim(machine).ok();
    CleanupResult& result = *result_.mutable_cleanup();
    result.set_found_nothing(!ours || !CheckScan(machine, assignment_.cleanup().scan_dir()).ok());
    result.set_complete(ours && unpublish && machine.disk->Find(Out("_SUCCESS")) != nullptr);
    done_ = !ours || result.complete();
    return absl::OkStatus();
  }
  if (!CheckClaim(machine).ok()) return absl::UnavailableError("another clean-up has been here");
  if (step_ == 1 && unpublish) machine.disk->Remove(Out("_manifest.json"));
  if (step_ == 2 && unpublish) {
    for (const PreparedFile& shard : assignment_.cleanup().shards()) machine.disk->Remove(shard.path());
    machine.disk->Remove(Out("dead-letters"));
  }
  if (step_ == 3) machine.disk->RemoveTree(JobFolder());
  if (step_ < 4) return absl::OkStatus();
  machine.disk->Remove(Out(kClaim));
  done_ = true;
  return absl::OkStatus();
}

}  // namespace millrace::simulation
