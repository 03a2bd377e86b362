#include "coordinator/cli/describe.h"

#include <nlohmann/json.hpp>

#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

void AddOperator(JobStatus& job, const std::string& name, int64_t busy_ms, int64_t wait_ms) {
  OperatorStats& op = *job.add_operators();
  op.set_name(name);
  op.set_rows(602);
  op.set_bytes(14200000);
  op.set_busy_ns(busy_ms * 1000000);
  op.set_wait_ns(wait_ms * 1000000);
}

JobStatus Halfway() {
  JobStatus job = Running("3f2a", 598, 1399);
  job.mutable_spec()->mutable_convert()->add_inputs("/data/images.csv");
  job.mutable_spec()->mutable_convert()->set_output("/data/out");
  job.mutable_counts()->set_dead_letters(4);
  job.set_shards_done(1);
  job.set_shards_total(3);
  job.set_bytes_read(14200000);
  job.set_bytes_written(21000000);
  job.set_elapsed_ms(1200);
  job.set_failures(1);
  job.add_waiting_for("no worker has a free slot");
  AddOperator(job, "fetch", 50, 900);
  AddOperator(job, "decode", 1000, 10);
  AttemptStatus& attempt = *job.add_attempts();
  attempt.set_task("TRAIN shard 1 of 3");
  attempt.set_worker("w1");
  attempt.set_rows_done(130);
  attempt.set_rows_total(466);
  attempt.set_running_ms(800);
  ReasonCount& reason = *job.add_reasons();
  reason.set_reason("file/not_found");
  reason.set_rows(4);
  BadRow& row = *job.add_first_bad_rows();
  row.set_input("/data/images.csv");
  row.set_line(9);
  row.set_uri("gone.jpg");
  row.set_reason("file/not_found");
  return job;
}

TEST(JobText, ShowsWhereAJobIsAndWhatHoldsItUp) {
  EXPECT_EQ(JobText(Halfway(), "/data"),
            "job          3f2a\n"
            "state        RUNNING (write)\n"
            "input        images.csv\n"
            "output       out\n"
            "rows         602 of 1,399: 598 written, 0 discarded, 4 dead letters\n"
            "shards       1 of 3\n"
            "bytes        14.2 MB read, 21.0 MB written\n"
            "elapsed      1.2 s\n"
            "failures     1 failed attempt\n"
            "waiting for  no worker has a free slot\n"
            "\n"
            "OPERATOR  ROWS    BYTES    BUSY    WAIT\n"
            "fetch      602  14.2 MB  0.05 s  0.90 s\n"
            "decode     602  14.2 MB  1.00 s  0.01 s  <- bottleneck\n"
            "\n"
            "ATTEMPT             WORKER  DONE  ROWS  RUNNING\n"
            "TRAIN shard 1 of 3  w1       130   466    0.8 s\n"
            "\n"
            "REASON          ROWS\n"
            "file/not_found     4\n"
            "\n"
            "first bad rows\n"
            "  bad: images.csv:9: gone.jpg: file/not_found\n"
            "  job 3f2a\n");
}

TEST(JobJson, CanBeParsedWhateverUsersWrote) {
  JobStatus job = Halfway();
  job.mutable_first_bad_rows(0)->set_uri("\xff\"\n");
  const auto json = nlohmann::json::parse(JobJson(job));
  EXPECT_EQ(json["job_id"], "3f2a");
  EXPECT_EQ(json["bottleneck"], "decode");
  EXPECT_EQ(json["reasons"]["file/not_found"], 4);
  EXPECT_EQ(json["first_bad_rows"][0]["uri"], "\xef\xbf\xbd\"\n");
  EXPECT_EQ(json["operators"][1]["busy_seconds"], 1.0);
}

TEST(JobList, IsATable) {
  ListJobsReply jobs;
  EXPECT_EQ(JobListText(jobs, "/data"), "no jobs\n");
  *jobs.add_jobs() = Halfway();
  EXPECT_EQ(JobListText(jobs, "/data"),
            "JOB   STATE             ROWS  SHARDS  DEAD  ELAPSED  OUTPUT\n"
            "3f2a  RUNNING (write)  1,399     1/3     4    1.2 s  out\n");
  EXPECT_EQ(nlohmann::json::parse(JobListJson(jobs))["jobs"][0]["rows_total"], 1399);
}

TEST(WorkerList, SaysWhyAWorkerGetsNothing) {
  ListWorkersReply workers;
  EXPECT_EQ(WorkerListText(workers), "no workers\n");
  WorkerStatus& worker = *workers.add_workers();
  worker.set_name("w1");
  worker.set_slots(2);
  worker.set_address("127.0.0.1:7072");
  worker.set_version("0.1.0");
  worker.set_last_sync_ms(300);
  worker.set_free_disk_bytes(12300000000);
  worker.set_quarantined("12 of 20 files not found");
  EXPECT_EQ(WorkerListText(workers),
            "WORKER  STATE                                  SLOTS  HTTP            VERSION       SEEN  DISK FREE\n"
            "w1      quarantined: 12 of 20 files not found    0/2  127.0.0.1:7072  0.1.0    0.3 s ago    12.3 GB\n");
  EXPECT_EQ(nlohmann::json::parse(WorkerListJson(workers))["workers"][0]["name"], "w1");
}

}  // namespace
}  // namespace millrace::cli
