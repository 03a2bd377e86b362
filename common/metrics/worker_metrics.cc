#include "common/metrics/worker_metrics.h"

#include <utility>

namespace millrace {
namespace {

const std::vector<std::string> kOperators = {"read_rows", "fetch", "decode", "encode", "gzip", "storage"};

const MetricFamily kRows = {MetricType::kCounter,
                            "millrace_worker_rows_total",
                            "Rows that attempts on this worker went through, by what became of them. Counts work, not "
                            "results: a row tried twice counts twice.",
                            "outcome",
                            {"written", "discarded", "dead_letter"}};
const MetricFamily kBytesRead = {MetricType::kCounter, "millrace_worker_read_bytes_total",
                                 "Bytes read from inputs: CSV files, row logs and images."};
const MetricFamily kBytesWritten = {MetricType::kCounter, "millrace_worker_written_bytes_total",
                                    "Bytes of shards written, after compression."};
const MetricFamily kOperatorRows = {MetricType::kCounter, "millrace_worker_operator_rows_total",
                                    "Rows that left an operator of the pipeline.", "operator", kOperators};
const MetricFamily kOperatorBytes = {MetricType::kCounter, "millrace_worker_operator_bytes_total",
                                     "Bytes that left an operator of the pipeline.", "operator", kOperators};
const MetricFamily kOperatorBusy = {MetricType::kCounter, "millrace_worker_operator_busy_seconds_total",
                                    "Time an operator worked, summed over its threads.", "operator", kOperators};
const MetricFamily kOperatorWait = {MetricType::kCounter, "millrace_worker_operator_wait_seconds_total",
                                    "Time an operator waited for input or for room, summed over its threads.",
                                    "operator", kOperators};
const MetricFamily kAttempts = {MetricType::kCounter,
                                "millrace_worker_attempts_total",
                                "Attempts that ended on this worker, by what the coordinator said.",
                                "outcome",
                                {"accepted", "fenced", "refused", "failed", "handed_back"}};
const MetricFamily kSyncs = {MetricType::kCounter,
                             "millrace_worker_syncs_total",
                             "Calls to the coordinator, by whether it answered.",
                             "result",
                             {"answered", "failed"}};

std::vector<MetricFamily> GaugeFamilies() {
  return {
      {MetricType::kGauge, "millrace_worker_slots", "Attempts that this worker may run at once."},
      {MetricType::kGauge, "millrace_worker_slots_busy", "Attempts that this worker runs now."},
      {MetricType::kGauge, "millrace_worker_memory_budget_bytes", "What --memory-budget allows."},
      {MetricType::kGauge, "millrace_worker_memory_used_bytes", "How much of the memory budget is taken now."},
      {MetricType::kGauge, "millrace_worker_free_disk_bytes",
       "Room on the disk of the newest output; 0 before the first task."},
      {MetricType::kGauge, "millrace_worker_draining",
       "1 while this worker takes no new work because it was told to stop."},
      {MetricType::kGauge, "millrace_worker_connected", "1 while the coordinator answers this worker's calls."},
  };
}

std::vector<MetricSample> Samples(const WorkerGauges& now) {
  return {
      {"millrace_worker_slots", "", static_cast<double>(now.slots)},
      {"millrace_worker_slots_busy", "", static_cast<double>(now.busy)},
      {"millrace_worker_memory_budget_bytes", "", static_cast<double>(now.memory_budget_bytes)},
      {"millrace_worker_memory_used_bytes", "", static_cast<double>(now.memory_used_bytes)},
      {"millrace_worker_free_disk_bytes", "", static_cast<double>(now.free_disk_bytes)},
      {"millrace_worker_draining", "", now.draining ? 1.0 : 0.0},
      {"millrace_worker_connected", "", now.connected ? 1.0 : 0.0},
  };
}

MetricFamily DeadLetters(std::vector<std::string> reasons) {
  return {MetricType::kCounter, "millrace_worker_dead_letters_total",
          "Rows of accepted attempts of this worker that could not be used, by reason word.", "reason",
          std::move(reasons)};
}

// Progress only grows within one attempt; a smaller number would be a bug, and a counter must not see it.
double Grown(int64_t before, int64_t now) { return now > before ? static_cast<double>(now - before) : 0.0; }

const OperatorStats& Find(const Progress& progress, const std::string& name) {
  static const OperatorStats kNone;
  for (const OperatorStats& stats : progress.operators())
    if (stats.name() == name) return stats;
  return kNone;
}

absl::string_view NameOf(AttemptOutcome outcome) {
  switch (outcome) {
    case AttemptOutcome::kAccepted:
      return "accepted";
    case AttemptOutcome::kFenced:
      return "fenced";
    case AttemptOutcome::kRefused:
      return "refused";
    case AttemptOutcome::kFailed:
      return "failed";
    case AttemptOutcome::kHandedBack:
      return "handed_back";
  }
  return "other";
}

}  // namespace

WorkerMetrics::WorkerMetrics(Metrics* metrics, std::vector<std::string> reasons, std::function<WorkerGauges()> gauges)
    : rows_(metrics->AddCounter(kRows)),
      bytes_read_(metrics->AddCounter(kBytesRead)),
      bytes_written_(metrics->AddCounter(kBytesWritten)),
      operator_rows_(metrics->AddCounter(kOperatorRows)),
      operator_bytes_(metrics->AddCounter(kOperatorBytes)),
      operator_busy_(metrics->AddCounter(kOperatorBusy)),
      operator_wait_(metrics->AddCounter(kOperatorWait)),
      attempts_(metrics->AddCounter(kAttempts)),
      dead_letters_(metrics->AddCounter(DeadLetters(std::move(reasons)))),
      syncs_(metrics->AddCounter(kSyncs)) {
  metrics->AddSource(GaugeFamilies(), [gauges = std::move(gauges)] { return Samples(gauges()); });
}

void WorkerMetrics::AddProgress(const Progress& before, const Progress& now) {
  rows_.Add("written", Grown(before.counts().written(), now.counts().written()));
  rows_.Add("discarded", Grown(before.counts().discarded(), now.counts().discarded()));
  rows_.Add("dead_letter", Grown(before.counts().dead_letters(), now.counts().dead_letters()));
  bytes_read_.Add(Grown(before.bytes_read(), now.bytes_read()));
  bytes_written_.Add(Grown(before.bytes_written(), now.bytes_written()));
  for (const OperatorStats& stats : now.operators()) {
    const OperatorStats& old = Find(before, stats.name());
    operator_rows_.Add(stats.name(), Grown(old.rows(), stats.rows()));
    operator_bytes_.Add(stats.name(), Grown(old.bytes(), stats.bytes()));
    operator_busy_.Add(stats.name(), Grown(old.busy_ns(), stats.busy_ns()) / 1e9);
    operator_wait_.Add(stats.name(), Grown(old.wait_ns(), stats.wait_ns()) / 1e9);
  }
}

void WorkerMetrics::AddDeadLetters(const google::protobuf::RepeatedPtrField<ReasonCount>& reasons) {
  for (const ReasonCount& reason : reasons) dead_letters_.Add(reason.reason(), static_cast<double>(reason.rows()));
}

void WorkerMetrics::CountAttempt(AttemptOutcome outcome) { attempts_.Add(NameOf(outcome), 1); }
void WorkerMetrics::CountSync(bool answered) { syncs_.Add(answered ? "answered" : "failed", 1); }

}  // namespace millrace
