// Checker: sees all durable rows, all visible files and all that was acknowledged, and says which promise was broken
// (docs/simulation.md). It knows the truth about the jobs (JobModel) and shares no code with the engine's decisions.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/simulation/disk.h"
#include "tests/simulation/job_model.h"
#include "tests/simulation/observed_journal.h"
#include "tests/simulation/world.h"

namespace millrace::simulation {

class Checker {
 public:
  Checker(World* world, const std::vector<JobModel>* jobs, ObservedJournal* journal, std::vector<Disk*> disks)
      : world_(*world), jobs_(*jobs), journal_(*journal), disks_(std::move(disks)) {}

  // What fake workers tell: the outcomes behind a hash.
  void Register(const std::string& outcomes_hash, const std::string& outcomes) { outcomes_[outcomes_hash] = outcomes; }

  void OnDurable(const Update& row);
  void OnVisible(const Disk& disk, const std::string& path, const std::string* bytes);
  // A client's call (submit, cancel, retry) was answered OK when the job had this generation.
  void OnAcknowledged(const std::string& job_id, uint32_t generation);
  // A worker was told that its attempt is not wanted, and destroyed what it had prepared.
  void OnDestroyed(EpochKey epoch) { destroyed_.insert(epoch); }
  // A reply with this verdict left the coordinator.
  void OnDropSent(const SyncReply::Drop& drop);
  // After every crash and every start of a coordinator: nothing acknowledged is missing.
  void OnCrash();
  void OnStarted(const DurableState& engine);
  // Everything has ended.
  void OnEnd(const DurableState& engine);

 private:
  const JobModel* ModelOf(const std::string& job_id) const;
  const JobModel* OwnerOf(const std::string& path) const;
  void CheckWon(const ShardWon& row);
  void CheckPublishing(const JobPublishing& row);
  void CheckFinished(const JobFinished& row);
  void CheckDataset(const JobModel& model, const JobRecord& job);
  void CheckRows(const JobModel& model, const JobRecord& job, const std::map<std::string, std::string>& files);
  void CheckNothingVisible(const JobModel& model);
  // The visible files of OUT, without the claim; a violation if two disks have some.
  std::map<std::string, std::string> Files(const JobModel& model);

  World& world_;
  const std::vector<JobModel>& jobs_;
  ObservedJournal& journal_;
  const std::vector<Disk*> disks_;

  std::map<std::string, std::string> outcomes_;
  std::map<std::string, uint32_t> acknowledged_;                              // job → generation
  std::map<std::tuple<std::string, uint32_t, uint32_t>, EpochKey> accepted_;  // (job, generation, shard) → winner
  std::set<EpochKey> destroyed_;
  std::map<std::string, std::set<const Disk*>> claimed_;  // output → disks on which its claim was ever made
  std::map<std::string, std::map<std::string, std::string>> finished_;  // job → its dataset when it was acknowledged
};

}  // namespace millrace::simulation
