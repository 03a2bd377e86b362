#include "tests/simulation/simulation.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/coordinator.h"
#include "tests/simulation/fake_worker.h"
#include "tests/simulation/network.h"
#include "tests/simulation/people.h"

namespace millrace::simulation {
namespace {

constexpr absl::Duration kChaos = absl::Seconds(25);
constexpr absl::Duration kLiveness = absl::Seconds(120);  // T of promise P7
constexpr absl::Duration kLook = absl::Milliseconds(500);

EngineOptions Options(const EngineFaults& faults) {
  EngineOptions options;
  options.lease = absl::Seconds(3);
  options.retry_backoff = absl::Milliseconds(100);
  options.straggler_minimum = absl::Seconds(2);
  options.suspicious_rows = 2;
  options.quarantine = absl::Seconds(5);
  options.forget_worker = absl::Seconds(60);
  options.faults = faults;
  return options;
}

class Simulation {
 public:
  Simulation(uint64_t seed, const EngineFaults& faults, std::function<void(const std::string&)> trace)
      : world_(seed, std::move(trace)),
        network_(&world_),
        jobs_(MakeJobs(world_)),
        checker_(&world_, &jobs_, &journal_, {&shared_disk_, &other_disk_}),
        coordinator_(&world_, &checker_, &journal_, Options(faults)) {
    journal_.on_durable = [this](const Update& row) {
      world_.Say("journal", row.ShortDebugString().substr(0, 160));
      checker_.OnDurable(row);
    };
    for (Disk* disk : {&shared_disk_, &other_disk_})
      disk->on_visible = [this](const Disk& where, const std::string& path, const std::string* bytes) {
        world_.Say("disk", where.name(), bytes == nullptr ? " loses " : " shows ", path);
        checker_.OnVisible(where, path, bytes);
      };
    for (Node node = 0; node < world_.swarm.workers; ++node)
      workers_.push_back(
          std::make_unique<FakeWorker>(&world_, &network_, &checker_, &coordinator_, &jobs_, node, DiskOf(node)));
    std::vector<FakeWorker*> all;
    for (auto& worker : workers_) all.push_back(worker.get());
    people_ = std::make_unique<People>(&world_, &network_, &checker_, &coordinator_, &journal_, &jobs_, all);
  }

  Report Run() {
    world_.Say("seed", Describe(world_.swarm));
    coordinator_.Boot();
    for (auto& worker : workers_) world_.After(world_.random.Milliseconds(0, 1000), [&worker] { worker->Start(); });
    people_->Start();
    RunUntil(world_.now + kChaos);
    if (!world_.violation) BeLive();
    if (!world_.violation) checker_.OnEnd(coordinator_.engine()->durable());
    return MakeReport();
  }

 private:
  static std::vector<JobModel> MakeJobs(World& world) {
    std::vector<JobModel> jobs;
    for (int number = 1; number <= world.swarm.jobs; ++number)
      jobs.push_back(MakeJob(number, world.swarm, world.random));
    return jobs;
  }
  Disk* DiskOf(Node node) {
    return world_.swarm.other_disk && node == world_.swarm.workers - 1 ? &other_disk_ : &shared_disk_;
  }
  void RunUntil(absl::Time end) {
    while (!world_.violation && world_.RunNext(end)) {
    }
  }
  // Heals everything; all jobs must end in time.
  void BeLive() {
    world_.healed = true;
    world_.Say("world", "heals");
    for (auto& worker : workers_) worker->Heal();
    const absl::Time end = world_.now + kLiveness;
    while (!world_.violation && world_.now < end && !(people_->AllEnded() && Quiet())) RunUntil(world_.now + kLook);
    if (!people_->AllEnded())
      world_.Violate("P7", "not ended ", absl::FormatDuration(kLiveness),
                     " after everything was healed: ", people_->Unfinished());
  }
  bool Quiet() const { return coordinator_.engine() != nullptr && journal_.unsynced() == 0; }

  Report MakeReport() {
    Report report;
    report.violation = world_.violation;
    report.swarm = Describe(world_.swarm);
    report.seconds = absl::ToDoubleSeconds(world_.now - World::Start());
    report.coverage = coordinator_.GetCoverage();
    report.incarnations = journal_.durable().incarnation();
    for (const auto& [id, job] : journal_.durable().jobs()) {
      report.succeeded += job.state() == JOB_SUCCEEDED;
      report.failed += job.state() == JOB_FAILED;
      report.cancelled += job.state() == JOB_CANCELLED;
    }
    return report;
  }

  World world_;
  Network network_;
  const std::vector<JobModel> jobs_;
  ObservedJournal journal_;
  Disk shared_disk_{"the shared disk"}, other_disk_{"the other disk"};
  Checker checker_;
  Coordinator coordinator_;
  std::vector<std::unique_ptr<FakeWorker>> workers_;
  std::unique_ptr<People> people_;
};

}  // namespace

Report Simulate(uint64_t seed, const EngineFaults& faults, std::function<void(const std::string&)> trace) {
  return Simulation(seed, faults, std::move(trace)).Run();
}

absl::StatusOr<EngineFaults> PlantedBug(absl::string_view name) {
  EngineFaults faults;
  if (name == "no_fence")
    faults.no_fence = true;
  else if (name == "publish_before_journal")
    faults.publish_before_journal = true;
  else if (name == "acknowledge_before_fsync")
    faults.acknowledge_before_fsync = true;
  else if (name == "forget_retry")
    faults.forget_retry = true;
  else if (!name.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("no planted bug '", name,
                     "'; there are no_fence, publish_before_journal, acknowledge_before_fsync, forget_retry"));
  return faults;
}

}  // namespace millrace::simulation
