#include "tests/simulation/people.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/client.pb.h"

namespace millrace::simulation {

void People::Start() {
  for (size_t job = 0; job < jobs_.size(); ++job) {
    world_.After(world_.random.Milliseconds(0, 15000), [this, job] { Submit(job); });
    if (world_.random.Chance(world_.swarm.cancel))
      world_.After(world_.random.Milliseconds(0, 20000), [this, job] { Cancel(job); });
  }
  if (world_.swarm.lost_mount) {
    world_.After(world_.random.Milliseconds(0, 5000), [this] { workers_[0]->LoseMount(!world_.healed); });
    world_.After(world_.random.Milliseconds(6000, 20000), [this] { workers_[0]->LoseMount(false); });
  }
  LookAfterJobs();
  DisturbMachines();
}

std::string People::Nonce() {
  std::string nonce;
  for (int i = 0; i < 16; ++i) nonce += static_cast<char>(world_.random.Next() & 0xff);
  return nonce;
}

void People::Ask(const std::string& job_id, const std::string& what, EngineCall call, std::function<void()> answered) {
  world_.Say("client", "asks to ", what, " ", job_id);
  network_.Send(kClient, kCoordinator, [this, job_id, what, call, answered] {
    coordinator_.Call([&](Engine& engine, Moment moment) -> std::function<void()> {
      const absl::Status status = call(engine, moment);
      world_.Say("coordinator", what, " ", job_id, ": ", status.ToString());
      if (!status.ok()) return [] {};
      const uint32_t generation = engine.durable().Find(job_id)->generation;
      return [this, job_id, generation, answered] {
        checker_.OnAcknowledged(job_id, generation);
        network_.Send(kCoordinator, kClient, answered);
      };
    });
  });
}

void People::Submit(size_t job) {
  if (acknowledged_[job]) return;
  auto submit = [this, job, nonce = Nonce()](Engine& engine, Moment moment) {
    SubmitJobRequest request;
    request.set_job_id(jobs_[job].id);
    *request.mutable_spec() = jobs_[job].spec;
    return engine.Submit(request, nonce, moment).status();
  };
  auto answered = [this, job] { acknowledged_[job] = true; };
  Ask(jobs_[job].id, "submit", submit, answered);
  if (world_.Fault(world_.swarm.submit_twice)) Ask(jobs_[job].id, "submit", submit, answered);
  world_.After(absl::Milliseconds(700), [this, job] { Submit(job); });
}

void People::Cancel(size_t job) {
  if (world_.healed) return;
  const std::string& id = jobs_[job].id;
  Ask(
      id, "cancel", [id](Engine& engine, Moment moment) { return engine.Cancel(id, moment).status(); }, [] {});
}

void People::Retry(size_t job) {
  const std::string& id = jobs_[job].id;
  auto retry = [id, nonce = Nonce()](Engine& engine, Moment moment) {
    return engine.Retry(id, nonce, moment).status();
  };
  Ask(id, "retry", retry, [] {});
}

// Once a second. In the liveness phase a job that failed by bad luck is retried until it succeeds.
void People::LookAfterJobs() {
  for (size_t job = 0; job < jobs_.size(); ++job) {
    const JobRecord* record = journal_.durable().Find(jobs_[job].id);
    if (record == nullptr || record->running() || record->state() == JOB_SUCCEEDED) continue;
    const bool stuck = record->state() == JOB_FAILED && record->stage() == STAGE_PUBLISH;
    if (stuck && world_.Fault(world_.swarm.cancel * 0.4)) Cancel(job);
    const bool unlucky = world_.healed && record->state() == JOB_FAILED && !jobs_[job].must_fail;
    if (unlucky || world_.Fault(world_.swarm.retry * 0.4)) Retry(job);
  }
  world_.After(absl::Seconds(1), [this] { LookAfterJobs(); });
}

void People::DisturbMachines() {
  if (world_.healed) return;
  for (size_t i = 0; i < workers_.size(); ++i) {
    const auto node = static_cast<Node>(i);
    if (world_.Fault(world_.swarm.partition)) {
      const absl::Duration how_long = world_.random.Milliseconds(200, 8000);
      const int64_t direction = world_.random.Between(0, 3);
      world_.Say("network", workers_[i]->name(), " is cut off for ", absl::FormatDuration(how_long),
                 direction == 0   ? ", what it hears"
                 : direction == 1 ? ", what it says"
                                  : "");
      if (direction != 1) network_.CutOff(kCoordinator, node, how_long);
      if (direction != 0) network_.CutOff(node, kCoordinator, how_long);
    }
    if (world_.Fault(world_.swarm.drain)) {
      const std::string name = workers_[i]->name();
      if (world_.random.Chance(0.5))
        workers_[i]->Drain();  // its own SIGTERM
      else
        coordinator_.Call([name](Engine& engine, Moment moment) {
          engine.DrainWorker(name, moment).status().IgnoreError();
          return [] {};
        });
    }
  }
  world_.After(absl::Seconds(1), [this] { DisturbMachines(); });
}

bool People::Ended(size_t job) const {
  const JobRecord* record = journal_.durable().Find(jobs_[job].id);
  if (!acknowledged_[job] || record == nullptr || record->running()) return false;
  return record->state() != JOB_FAILED || jobs_[job].must_fail;
}

bool People::AllEnded() const {
  for (size_t job = 0; job < jobs_.size(); ++job)
    if (!Ended(job)) return false;
  return true;
}

std::string People::Unfinished() const {
  std::string words;
  for (size_t job = 0; job < jobs_.size(); ++job) {
    if (Ended(job)) continue;
    const JobRecord* record = journal_.durable().Find(jobs_[job].id);
    absl::StrAppend(&words, jobs_[job].id, ": ",
                    record == nullptr ? "not submitted"
                                      : absl::StrCat(JobState_Name(record->state()), " ", Stage_Name(record->stage()),
                                                     " ", record->status.error()),
                    "; ");
  }
  return words;
}

}  // namespace millrace::simulation
