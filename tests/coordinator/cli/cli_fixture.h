// The command line in a test: a fresh folder, captured streams, a clock that moves only when somebody waits, and a
// coordinator that follows a script.
//
//   Cli cli;
//   cli.coordinator.on_submit = {Running("j"), Succeeded("j")};
//   EXPECT_EQ(cli.Run("convert --input a.csv --output out --job-id j"), 0);
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/storage/file_store.h"
#include "coordinator/cli/cli.h"

namespace millrace::cli {

inline JobStatus Job(absl::string_view id, JobState state, Stage stage) {
  static uint64_t version = 0;
  JobStatus job;
  job.set_job_id(std::string(id));
  job.set_state(state);
  job.set_stage(stage);
  job.set_version(++version);
  return job;
}

inline JobStatus Running(absl::string_view id, int64_t written = 0, int64_t total = 0) {
  JobStatus job = Job(id, JOB_RUNNING, total > 0 ? STAGE_WRITE : STAGE_SCAN);
  job.set_rows_total(total);
  job.mutable_counts()->set_rows(total);
  job.mutable_counts()->set_written(written);
  return job;
}

inline JobStatus Succeeded(absl::string_view id) {
  JobStatus job = Job(id, JOB_SUCCEEDED, STAGE_DONE);
  job.set_rows_total(1401);
  job.mutable_counts()->set_rows(1401);
  job.mutable_counts()->set_written(1399);
  job.mutable_counts()->set_dead_letters(2);
  job.set_shards_done(3);
  job.set_shards_total(3);
  job.set_bytes_written(171500000);
  job.set_elapsed_ms(1600);
  return job;
}

inline JobStatus Ended(absl::string_view id, JobState state) { return Job(id, state, STAGE_DONE); }

// Jobs by id, each with the statuses that GetJob gives one after the other (the last one stays).
class FakeCoordinator : public CoordinatorClient {
 public:
  std::map<std::string, std::deque<JobStatus>> jobs;
  std::vector<JobStatus> on_submit;  // of a new job; the output and id are filled in
  std::vector<JobStatus> on_retry;
  std::vector<JobStatus> on_cancel;  // default: cancelled
  absl::Status cancel_error, reach_error;
  int gets = 0;
  int unreachable_calls = 0;  // so many calls of GetJob fail first
  ListWorkersReply workers;
  std::deque<GetJobLogReply> log;
  std::vector<std::string> calls;
  std::vector<JobSpec> submitted;
  std::function<void()> on_get = [] {};

  absl::StatusOr<SubmitJobReply> SubmitJob(const SubmitJobRequest& request) override {
    calls.push_back("submit " + request.job_id());
    if (!reach_error.ok()) return reach_error;
    submitted.push_back(request.spec());
    SubmitJobReply reply;
    reply.set_existed(jobs.count(request.job_id()) > 0);
    if (!reply.existed()) SetScript(request.job_id(), on_submit, &request.spec());
    *reply.mutable_job() = jobs[request.job_id()].front();
    return reply;
  }
  absl::StatusOr<JobStatus> GetJob(const GetJobRequest& request) override {
    on_get();
    // A watch that never ends would hang the test.
    if (++gets > 5000) return absl::InternalError("the script of this test does not end");
    if (unreachable_calls > 0 && unreachable_calls-- > 0) return absl::UnavailableError("connection refused");
    if (!reach_error.ok()) return reach_error;
    auto found = jobs.find(request.job_id());
    if (found == jobs.end()) return absl::NotFoundError("there is no job " + request.job_id());
    const JobStatus job = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return job;
  }
  absl::StatusOr<ListJobsReply> ListJobs(const ListJobsRequest&) override {
    if (!reach_error.ok()) return reach_error;
    ListJobsReply reply;
    for (const auto& [id, script] : jobs) *reply.add_jobs() = script.front();
    return reply;
  }
  absl::StatusOr<JobStatus> CancelJob(const CancelJobRequest& request) override {
    calls.push_back("cancel " + request.job_id());
    if (!cancel_error.ok()) return cancel_error;
    if (jobs.count(request.job_id()) == 0) return absl::NotFoundError("there is no job " + request.job_id());
    SetScript(request.job_id(), on_cancel.empty() ? std::vector<JobStatus>{Ended("", JOB_CANCELLED)} : on_cancel,
              nullptr);
    return jobs[request.job_id()].front();
  }
  absl::StatusOr<JobStatus> RetryJob(const RetryJobRequest& request) override {
    calls.push_back("retry " + request.job_id());
    if (jobs.count(request.job_id()) == 0) return absl::NotFoundError("there is no job " + request.job_id());
    SetScript(request.job_id(), on_retry, nullptr);
    return jobs[request.job_id()].front();
  }
  absl::StatusOr<GetJobLogReply> GetJobLog(const GetJobLogRequest& request) override {
    calls.push_back(absl::StrCat("log ", request.job_id(), " after ", request.after()));
    if (log.empty()) return GetJobLogReply();
    GetJobLogReply reply = log.front();
    log.pop_front();
    return reply;
  }
  absl::StatusOr<ListWorkersReply> ListWorkers(const ListWorkersRequest&) override {
    if (!reach_error.ok()) return reach_error;
    return workers;
  }
  absl::StatusOr<DrainWorkerReply> DrainWorker(const DrainWorkerRequest& request) override {
    calls.push_back("drain " + request.name());
    for (const WorkerStatus& worker : workers.workers()) {
      if (worker.name() != request.name()) continue;
      DrainWorkerReply reply;
      *reply.mutable_worker() = worker;
      return reply;
    }
    return absl::NotFoundError("there is no worker " + request.name());
  }
  void Sync(const SyncRequest&, std::function<void(absl::StatusOr<SyncReply>)>) override {}

 private:
  void SetScript(const std::string& id, const std::vector<JobStatus>& script, const JobSpec* spec) {
    const JobSpec kept = jobs.count(id) > 0 ? jobs[id].front().spec() : JobSpec();
    std::deque<JobStatus>& statuses = jobs[id];
    statuses.assign(script.begin(), script.end());
    if (statuses.empty()) statuses.push_back(Running(id));
    for (JobStatus& status : statuses) {
      status.set_job_id(id);
      *status.mutable_spec() = spec == nullptr ? kept : *spec;
    }
  }
};

// What `connect` hands out: the test keeps the coordinator.
class Borrowed : public CoordinatorClient {
 public:
  explicit Borrowed(CoordinatorClient& client) : client_(client) {}
  absl::StatusOr<SubmitJobReply> SubmitJob(const SubmitJobRequest& r) override { return client_.SubmitJob(r); }
  absl::StatusOr<JobStatus> GetJob(const GetJobRequest& r) override { return client_.GetJob(r); }
  absl::StatusOr<ListJobsReply> ListJobs(const ListJobsRequest& r) override { return client_.ListJobs(r); }
  absl::StatusOr<JobStatus> CancelJob(const CancelJobRequest& r) override { return client_.CancelJob(r); }
  absl::StatusOr<JobStatus> RetryJob(const RetryJobRequest& r) override { return client_.RetryJob(r); }
  absl::StatusOr<GetJobLogReply> GetJobLog(const GetJobLogRequest& r) override { return client_.GetJobLog(r); }
  absl::StatusOr<ListWorkersReply> ListWorkers(const ListWorkersRequest& r) override { return client_.ListWorkers(r); }
  absl::StatusOr<DrainWorkerReply> DrainWorker(const DrainWorkerRequest& r) override { return client_.DrainWorker(r); }
  void Sync(const SyncRequest& r, std::function<void(absl::StatusOr<SyncReply>)> d) override { client_.Sync(r, d); }

 private:
  CoordinatorClient& client_;
};

class FakeEmbedded : public Embedded {
 public:
  FakeEmbedded(CoordinatorClient& client, int& shutdowns) : client_(client), shutdowns_(shutdowns) {}
  CoordinatorClient& client() override { return client_; }
  void Shutdown() override { ++shutdowns_; }

 private:
  CoordinatorClient& client_;
  int& shutdowns_;
};

class Cli {
 public:
  FakeCoordinator coordinator;
  std::map<std::string, std::string> variables;
  std::vector<std::string> connected;
  std::vector<EmbeddedOptions> embedded;
  int shutdowns = 0;
  int interrupts = 0;
  absl::Time now = absl::FromUnixSeconds(1790000000);
  CliEnvironment environment;

  Cli() {
    static std::atomic<int> count{0};
    folder_ = absl::StrCat(testing::TempDir(), "millrace_cli.", getpid(), ".", count++);
    std::filesystem::create_directories(folder_);
    variables["MILLRACE_STATE_DIR"] = Path("state");
    Write("a.csv", "split,image_uri,label\nTRAIN,a.jpg,cat\n");
    coordinator.on_get = [this] { now += absl::Milliseconds(250); };
    environment.connect = [this](const std::string& address) -> absl::StatusOr<std::unique_ptr<CoordinatorClient>> {
      connected.push_back(address);
      return std::make_unique<Borrowed>(coordinator);
    };
    environment.start_embedded = [this](const EmbeddedOptions& options) -> absl::StatusOr<std::unique_ptr<Embedded>> {
      embedded.push_back(options);
      return std::make_unique<FakeEmbedded>(coordinator, shutdowns);
    };
    environment.make_store = [] { return MakeFileStore(); };
    environment.in = &in_;
    environment.out = &out_;
    environment.err = &err_;
    environment.width = [] { return 80; };
    environment.variable = [this](absl::string_view name) { return variables[std::string(name)]; };
    environment.current_folder = folder_;
    environment.program_folder = Path("bin");
    environment.now = [this] { return now; };
    environment.sleep = [this](absl::Duration duration) { now += duration; };
    environment.interrupts = [this] { return interrupts; };
  }
  ~Cli() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // Words are split at blanks.
  int Run(absl::string_view command) {
    const std::vector<std::string> words = absl::StrSplit(absl::StrCat("millrace ", command), ' ', absl::SkipEmpty());
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    out_.str("");
    err_.str("");
    return RunCli(static_cast<int>(argv.size()), argv.data(), environment);
  }
  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }
  void Pipe(const std::string& text) {
    in_.clear();
    in_.str(text);
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << text;
  }

 private:
  std::string folder_;
  std::istringstream in_;
  std::ostringstream out_, err_;
};

}  // namespace millrace::cli
