// People: everything that happens to jobs and machines from outside: submissions (again and again until acknowledged),
// cancels, retries, drains, network partitions, a lost mount.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/coordinator.h"
#include "tests/simulation/fake_worker.h"
#include "tests/simulation/network.h"

namespace millrace::simulation {

class People {
 public:
  People(World* world, Network* network, Checker* checker, Coordinator* coordinator, ObservedJournal* journal,
         const std::vector<JobModel>* jobs, std::vector<FakeWorker*> workers)
      : world_(*world),
        network_(*network),
        checker_(*checker),
        coordinator_(*coordinator),
        journal_(*journal),
        jobs_(*jobs),
        workers_(std::move(workers)),
        acknowledged_(jobs->size(), false) {}

  void Start();
  // Every job was acknowledged and has ended as it should.
  bool AllEnded() const;
  // For the words of a broken P7: what has not ended.
  std::string Unfinished() const;

 private:
  using EngineCall = std::function<absl::Status(Engine&, Moment)>;
  void Ask(const std::string& job_id, const std::string& what, EngineCall call, std::function<void()> answered);
  void Submit(size_t job);
  void Cancel(size_t job);
  void Retry(size_t job);
  void LookAfterJobs();
  void DisturbMachines();
  std::string Nonce();
  bool Ended(size_t job) const;

  World& world_;
  Network& network_;
  Checker& checker_;
  Coordinator& coordinator_;
  ObservedJournal& journal_;
  const std::vector<JobModel>& jobs_;
  const std::vector<FakeWorker*> workers_;
  std::vector<bool> acknowledged_;
};

}  // namespace millrace::simulation
