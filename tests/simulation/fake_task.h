// FakeTask: scan, write, publish and cleanup as a worker does them, in steps between which a worker may crash, sleep or
// be dropped. The same rules as worker/{scan,pipeline,publish}: claim and nonce, prepare then publish, nothing
// overwritten.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/task.pb.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/job_model.h"
#include "tests/simulation/world.h"

namespace millrace::simulation {

// What the machine is like right now.
struct Machine {
  Disk* disk = nullptr;
  bool mount_lost = false;  // no image can be read
};

class FakeTask {
 public:
  FakeTask(World* world, Checker* checker, const JobModel* job, const Assignment& assignment)
      : world_(*world), checker_(*checker), job_(*job), assignment_(assignment) {}

  // One step. An error ends the task as it ends a real one.
  absl::Status Step(const Machine& machine);
  bool done() const { return done_; }
  const TaskResult& result() const { return result_; }
  std::string StepName() const;

  // "OUT/_staging/<job>.<nonce>/<task>.<epoch>".
  std::string AttemptFolder() const;

 private:
  absl::Status StepScan(const Machine& machine);
  absl::Status StepWrite(const Machine& machine);
  absl::Status StepPublish(const Machine& machine);
  absl::Status StepCleanup(const Machine& machine);
  absl::Status CheckClaim(const Machine& machine) const;
  absl::Status CheckScan(const Machine& machine, const std::string& scan_dir) const;
  absl::Status PublishText(const Machine& machine, const std::string& name, const std::string& bytes);
  absl::StatusOr<std::string> CollectDeadLetters(const Machine& machine) const;
  void FinishWrite(const Machine& machine);
  std::string Outcomes(bool mount_lost);
  std::string Out(const std::string& name) const { return job_.output() + "/" + name; }
  std::string ClaimText() const { return job_.id + " " + assignment_.nonce(); }
  std::string JobFolder() const;

  World& world_;
  Checker& checker_;
  const JobModel& job_;
  const Assignment assignment_;
  int step_ = 0;
  bool done_ = false;
  TaskResult result_;
  std::string outcomes_;
};

}  // namespace millrace::simulation
