// What the engine itself costs, with the real SQLite journal and no work to do:
//   noop     a job of 1,000 tasks that do nothing, over agents in this process: seconds, and how long a free slot waits
//            for its next task (from reporting a result to starting the next task, the result's fsync included)
//   workers  10,000 workers, one running task each, that sync every 5 s: how long a sync takes (p50, p99)
//
// engine_benchmark [--data-dir DIR] [--tasks 1000] [--workers 10000] [--seconds 5]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/daemon.h"
#include "common/storage/memory_store.h"
#include "coordinator/engine/service/engine_service.h"
#include "coordinator/engine/service/in_process_client.h"
#include "coordinator/store/sqlite_journal.h"
#include "worker/agent/agent.h"

namespace millrace {
namespace {

class Latencies {
 public:
  void Add(absl::Duration latency) {
    MutexLock lock(&mu_);
    all_.push_back(latency);
  }
  absl::Duration Quantile(double q) {
    MutexLock lock(&mu_);
    if (all_.empty()) return absl::ZeroDuration();
    std::sort(all_.begin(), all_.end());
    return all_[std::min(all_.size() - 1, static_cast<size_t>(q * static_cast<double>(all_.size())))];
  }
  size_t count() {
    MutexLock lock(&mu_);
    return all_.size();
  }

 private:
  Mutex mu_;
  std::vector<absl::Duration> all_ ABSL_GUARDED_BY(mu_);
};

JobSpec SpecOf(int64_t shards) {
  JobSpec spec;
  spec.mutable_convert()->add_inputs("/in.csv");
  spec.mutable_convert()->set_output("/out");
  spec.mutable_convert()->set_num_shards(shards);
  return spec;
}

// Answers every kind of task at once, with one row a shard.
TaskResult NothingDone(const Assignment& assignment, int64_t shards) {
  TaskResult result;
  if (assignment.has_scan()) {
    ScanResult& scan = *result.mutable_scan();
    scan.set_scan_dir("scan");
    scan.set_encoding_version("bench");
    scan.mutable_counts()->set_rows(shards);
    SplitPlan& split = *scan.add_splits();
    split.set_rows(shards);
    split.set_sampled_rows(1);
    split.set_sampled_bytes(1000);
  } else if (assignment.has_write()) {
    WriteResult& write = *result.mutable_write();
    write.mutable_counts()->set_rows(1);
    write.mutable_counts()->set_written(1);
    write.mutable_shard()->set_path(absl::StrCat("/out/shard-", assignment.task().index()));
    write.set_outcomes_hash("0123456789abcdef");
  } else if (assignment.has_publish()) {
    result.mutable_publish()->set_files(shards);
  } else {
    result.mutable_cleanup();
  }
  return result;
}

std::unique_ptr<EngineService> StartService(const std::string& folder) {
  std::filesystem::create_directories(folder);
  auto journal = SqliteJournal::Open(folder + "/journal.db");
  if (!journal.ok()) std::fprintf(stderr, "%s\n", journal.status().ToString().c_str()), std::exit(1);
  auto service = EngineService::Start({}, *std::move(journal));
  if (!service.ok()) std::fprintf(stderr, "%s\n", service.status().ToString().c_str()), std::exit(1);
  return *std::move(service);
}

JobStatus WaitForEnd(InProcessClient& client, const std::string& job_id) {
  GetJobRequest get;
  get.set_job_id(job_id);
  for (;;) {
    JobStatus job = client.GetJob(get).value();
    if (job.state() != JOB_RUNNING) return job;
    get.set_after_version(job.version());
    get.set_wait_ms(10'000);
  }
}

void Noop(const std::string& folder, int64_t tasks) {
  auto service = StartService(folder + "/noop");
  InProcessClient client(service.get());
  MemoryStore store;
  Latencies gaps;
  struct Slot {
    std::atomic<int64_t> ended_ns = 0;
  };
  constexpr int kAgents = 4;
  std::vector<std::unique_ptr<Slot>> slots;
  std::vector<std::unique_ptr<Agent>> agents;
  for (int i = 0; i < kAgents; ++i) {
    Slot* slot = slots.emplace_back(std::make_unique<Slot>()).get();
    AgentOptions options;
    options.info.set_name(absl::StrCat("w", i));
    options.info.set_slots(1);
    options.info.set_memory_budget_bytes(int64_t{1} << 30);
    options.info.set_encoding_version("bench");
    agents.push_back(std::make_unique<Agent>(options, &client, &store, [slot, &gaps, tasks](TaskContext& context) {
      const int64_t now = absl::GetCurrentTimeNanos();
      if (const int64_t before = slot->ended_ns; before != 0) gaps.Add(absl::Nanoseconds(now - before));
      TaskResult result = NothingDone(context.assignment, tasks);
      slot->ended_ns = absl::GetCurrentTimeNanos();
      return result;
    }));
  }
  SubmitJobRequest submit;
  submit.set_job_id("noop");
  *submit.mutable_spec() = SpecOf(tasks);
  const absl::Time start = absl::Now();
  if (auto reply = client.SubmitJob(submit); !reply.ok())
    std::exit((std::fprintf(stderr, "%s\n", reply.status().ToString().c_str()), 1));
  const JobStatus job = WaitForEnd(client, "noop");
  const absl::Duration took = absl::Now() - start;
  agents.clear();
  std::printf("noop: %lld tasks in %.3f s (%s), %d one-slot workers; a free slot waits p50 %.2f ms, p99 %.2f ms\n",
              static_cast<long long>(tasks), absl::ToDoubleSeconds(took), JobState_Name(job.state()).c_str(), kAgents,
              absl::ToDoubleMilliseconds(gaps.Quantile(0.5)), absl::ToDoubleMilliseconds(gaps.Quantile(0.99)));
}

// A worker without an agent: 10,000 agents would measure this machine's threads.
struct Simulated {
  WorkerInfo info;
  uint64_t sequence = 0;
  std::vector<Assignment> have;
};

SyncRequest RequestOf(Simulated& worker, int64_t shards) {
  SyncRequest request;
  *request.mutable_worker() = worker.info;
  request.set_sequence(++worker.sequence);
  for (const Assignment& assignment : worker.have) {
    AttemptReport& report = *request.add_have();
    *report.mutable_task() = assignment.task();
    *report.mutable_epoch() = assignment.epoch();
    report.mutable_progress()->mutable_counts()->set_written(static_cast<int64_t>(worker.sequence));
    if (assignment.has_scan()) *report.mutable_result() = NothingDone(assignment, shards);
  }
  return request;
}

void Workers(const std::string& folder, int count, double seconds) {
  auto service = StartService(folder + "/workers");
  InProcessClient client(service.get());
  std::vector<Simulated> workers(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    WorkerInfo& info = workers[static_cast<size_t>(i)].info;
    info.set_name(absl::StrCat("w", i));
    info.set_process(absl::StrCat("p", i));
    info.set_slots(1);
    info.set_memory_budget_bytes(int64_t{1} << 30);
    info.set_encoding_version("bench");
  }
  SubmitJobRequest submit;
  submit.set_job_id("wide");
  *submit.mutable_spec() = SpecOf(count);
  if (auto reply = client.SubmitJob(submit); !reply.ok())
    std::exit((std::fprintf(stderr, "%s\n", reply.status().ToString().c_str()), 1));
  // Two rounds hand out the tasks (the first worker scans, then everyone gets a shard); the later ones are measured.
  const absl::Duration period = absl::Seconds(5);
  Latencies latencies;
  std::atomic<int64_t> in_flight = 0;
  const absl::Time start = absl::Now();
  const int rounds = 3 + static_cast<int>(seconds / absl::ToDoubleSeconds(period));
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < count; ++i) {
      Simulated& worker = workers[static_cast<size_t>(i)];
      absl::SleepFor(start + period * (round + i / static_cast<double>(count)) - absl::Now());
      ++in_flight;
      client.Sync(RequestOf(worker, count), [&, round, sent = absl::Now()](absl::StatusOr<SyncReply> reply) {
        if (round >= 3) latencies.Add(absl::Now() - sent);
        for (const SyncReply::Drop& drop : reply->drop())
          std::erase_if(worker.have, [&](const Assignment& have) {
            return have.epoch().sequence() == drop.attempt().epoch().sequence();
          });
        worker.have.insert(worker.have.end(), reply->add().begin(), reply->add().end());
        --in_flight;
      });
    }
  }
  while (in_flight > 0) absl::SleepFor(absl::Milliseconds(1));
  const auto busy =
      std::count_if(workers.begin(), workers.end(), [](const Simulated& worker) { return !worker.have.empty(); });
  std::printf(
      "workers: %d workers, %lld of them with a task, %.0f syncs/s, %zu measured: p50 %.2f ms, p99 %.2f ms, max %.2f "
      "ms\n",
      count, static_cast<long long>(busy), count / absl::ToDoubleSeconds(period), latencies.count(),
      absl::ToDoubleMilliseconds(latencies.Quantile(0.5)), absl::ToDoubleMilliseconds(latencies.Quantile(0.99)),
      absl::ToDoubleMilliseconds(latencies.Quantile(1)));
}

int Main(int argc, char** argv) {
  std::string data_dir =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/millrace-engine-", RandomHex(4));
  int64_t tasks = 1000;
  int workers = 10'000;
  double seconds = 10;
  CLI::App app{"What the engine costs when there is no work to do"};
  app.add_option("--data-dir", data_dir, "Where the journals are written")->capture_default_str();
  app.add_option("--tasks", tasks, "Tasks of the no-op job")->capture_default_str();
  app.add_option("--workers", workers, "Simulated workers")->capture_default_str();
  app.add_option("--seconds", seconds, "How long their syncs are measured")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  Noop(data_dir, tasks);
  Workers(data_dir, workers, seconds);
  std::filesystem::remove_all(data_dir);
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
