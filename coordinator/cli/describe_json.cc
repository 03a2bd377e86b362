#include <nlohmann/json.hpp>

#include "coordinator/cli/describe.h"
#include "coordinator/cli/progress.h"

namespace millrace::cli {
namespace {

using Json = nlohmann::ordered_json;

// Users' bytes may be invalid UTF-8: U+FFFD, never an exception.
std::string Text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

template <typename Repeated>
Json Strings(const Repeated& values) {
  Json json = Json::array();
  for (const auto& value : values) json.push_back(value);
  return json;
}

// One object for each element, made by `one`.
template <typename Repeated, typename One>
Json List(const Repeated& values, One one) {
  Json json = Json::array();
  for (const auto& value : values) json.push_back(one(value));
  return json;
}

Json BadRowJson(const BadRow& row) {
  return {{"input", row.input()},   {"row", row.row()},       {"line", row.line()},   {"uri", row.uri()},
          {"reason", row.reason()}, {"detail", row.detail()}, {"shard", row.shard()}, {"worker", row.worker()}};
}

Json OperatorJson(const OperatorStats& op) {
  return {{"name", op.name()},
          {"rows", op.rows()},
          {"bytes", op.bytes()},
          {"busy_seconds", static_cast<double>(op.busy_ns()) / 1e9},
          {"wait_seconds", static_cast<double>(op.wait_ns()) / 1e9}};
}

Json AttemptJson(const AttemptStatus& attempt) {
  return {{"task", attempt.task()},
          {"worker", attempt.worker()},
          {"rows_done", attempt.rows_done()},
          {"rows_total", attempt.rows_total()},
          {"seconds", static_cast<double>(attempt.running_ms()) / 1000}};
}

Json Summary(const JobStatus& job) {
  return {{"job_id", job.job_id()},
          {"state", StateName(job.state())},
          {"stage", StageName(job.stage())},
          {"cancelling", job.cancelling()},
          {"rows", job.counts().rows()},
          {"rows_total", job.rows_total()},
          {"written", job.counts().written()},
          {"discarded", job.counts().discarded()},
          {"dead_letters", job.counts().dead_letters()},
          {"shards_done", job.shards_done()},
          {"shards", job.shards_total()},
          {"bytes", job.bytes_written()},
          {"bytes_read", job.bytes_read()},
          {"seconds", static_cast<double>(job.elapsed_ms()) / 1000},
          {"submitted_unix_ms", job.submitted_unix_ms()},
          {"finished_unix_ms", job.finished_unix_ms()},
          {"inputs", Strings(job.spec().convert().inputs())},
          {"output", job.spec().convert().output()},
          {"error", job.error()}};
}

Json WorkerJson(const WorkerStatus& worker) {
  return {{"name", worker.name()},
          {"http", worker.address()},
          {"version", worker.version()},
          {"encoding_version", worker.encoding_version()},
          {"slots", worker.slots()},
          {"busy", worker.busy()},
          {"draining", worker.draining()},
          {"quarantined", worker.quarantined()},
          {"silent", worker.silent()},
          {"last_sync_seconds", static_cast<double>(worker.last_sync_ms()) / 1000},
          {"memory_budget_bytes", worker.memory_budget_bytes()},
          {"free_disk_bytes", worker.free_disk_bytes()}};
}

}  // namespace

std::string JobJson(const JobStatus& job) {
  Json json = Summary(job);
  json["failures"] = job.failures();
  json["warnings"] = Strings(job.warnings());
  json["waiting_for"] = Strings(job.waiting_for());
  json["reasons"] = Json::object();
  for (const ReasonCount& reason : job.reasons()) json["reasons"][reason.reason()] = reason.rows();
  json["first_bad_rows"] = List(job.first_bad_rows(), BadRowJson);
  json["operators"] = List(job.operators(), OperatorJson);
  json["bottleneck"] = Bottleneck(job);
  json["attempts"] = List(job.attempts(), AttemptJson);
  return Text(json);
}

std::string JobListJson(const ListJobsReply& jobs) { return Text({{"jobs", List(jobs.jobs(), Summary)}}) + "\n"; }

std::string WorkerListJson(const ListWorkersReply& workers) {
  return Text({{"workers", List(workers.workers(), WorkerJson)}}) + "\n";
}

}  // namespace millrace::cli
