#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/byte_size.h"
#include "coordinator/cli/describe.h"
#include "coordinator/cli/progress.h"
#include "coordinator/cli/report.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string Shown(absl::string_view path, absl::string_view folder) { return Printable(ShortPath(path, folder)); }

std::string StateWords(const JobStatus& job) {
  if (HasEnded(job)) return StateName(job.state());
  return absl::StrCat(StateName(job.state()), " (", job.cancelling() ? "cancelling" : StageName(job.stage()), ")");
}

std::string RowWords(const JobStatus& job) {
  const RowCounts& counts = job.counts();
  const std::string total = job.rows_total() > 0 ? absl::StrCat(" of ", WithThousands(job.rows_total())) : "";
  const int64_t done = counts.written() + counts.discarded() + counts.dead_letters();
  if (job.rows_total() == 0) return absl::StrCat(Count(counts.rows(), "row"), " seen so far");
  return absl::StrCat(WithThousands(done), total, ": ", WithThousands(counts.written()), " written, ",
                      WithThousands(counts.discarded()), " discarded, ", WithThousands(counts.dead_letters()),
                      " dead letters");
}

std::string InputWords(const ConvertSpec& spec, absl::string_view folder) {
  return absl::StrJoin(spec.inputs(), ", ",
                       [&](std::string* out, const std::string& input) { absl::StrAppend(out, Shown(input, folder)); });
}

std::string JobFacts(const JobStatus& job, absl::string_view folder) {
  const ConvertSpec& spec = job.spec().convert();
  return Facts({{"job", Printable(job.job_id())},
                {"state", StateWords(job)},
                {"input", InputWords(spec, folder)},
                {"output", Shown(spec.output(), folder)},
                {"rows", RowWords(job)},
                {"shards", job.shards_total() > 0 ? absl::StrCat(job.shards_done(), " of ", job.shards_total())
                                                  : "not planned yet"},
                {"bytes", absl::StrCat(FormatByteSize(job.bytes_read()), " read, ", FormatByteSize(job.bytes_written()),
                                       " written")},
                {"elapsed", Elapsed(absl::Milliseconds(job.elapsed_ms()))},
                {"failures", job.failures() > 0 ? Count(job.failures(), "failed attempt") : ""},
                {"error", Printable(ShortenPathsIn(job.error(), folder))},
                {"waiting for", Printable(absl::StrJoin(job.waiting_for(), "; "))},
                {"warning", Printable(ShortenPathsIn(absl::StrJoin(job.warnings(), "; "), folder))}});
}

std::string Seconds(int64_t ns) { return absl::StrFormat("%.2f s", static_cast<double>(ns) / 1e9); }

std::string Operators(const JobStatus& job) {
  if (job.operators().empty()) return "";
  const std::string bottleneck = Bottleneck(job);
  Rows rows = {{"OPERATOR", ">ROWS", ">BYTES", ">BUSY", ">WAIT", ""}};
  for (const OperatorStats& op : job.operators())
    rows.push_back({Printable(op.name()), WithThousands(op.rows()), FormatByteSize(op.bytes()), Seconds(op.busy_ns()),
                    Seconds(op.wait_ns()), op.name() == bottleneck ? "<- bottleneck" : ""});
  return absl::StrCat("\n", Table(rows));
}

std::string Attempts(const JobStatus& job) {
  if (job.attempts().empty()) return "";
  Rows rows = {{"ATTEMPT", "WORKER", ">DONE", ">ROWS", ">RUNNING"}};
  for (const AttemptStatus& attempt : job.attempts())
    rows.push_back({Printable(attempt.task()), Printable(attempt.worker()), WithThousands(attempt.rows_done()),
                    attempt.rows_total() > 0 ? WithThousands(attempt.rows_total()) : "-",
                    Elapsed(absl::Milliseconds(attempt.running_ms()))});
  return absl::StrCat("\n", Table(rows));
}

std::string BadRows(const JobStatus& job, absl::string_view folder) {
  std::string text;
  if (!job.reasons().empty()) {
    Rows rows = {{"REASON", ">ROWS"}};
    for (const ReasonCount& reason : job.reasons())
      rows.push_back({Printable(reason.reason()), WithThousands(reason.rows())});
    absl::StrAppend(&text, "\n", Table(rows));
  }
  if (!job.first_bad_rows().empty()) absl::StrAppend(&text, "\nfirst bad rows\n", BadRowLines("  bad", job, folder));
  return text;
}

std::string WorkerState(const WorkerStatus& worker) {
  if (worker.silent()) return absl::StrCat("silent ", Elapsed(absl::Milliseconds(worker.last_sync_ms())), " (lost)");
  if (!worker.quarantined().empty()) return absl::StrCat("quarantined: ", Printable(worker.quarantined()));
  if (worker.draining()) return "draining";
  return worker.busy() > 0 ? "busy" : "idle";
}

}  // namespace

std::string Bottleneck(const JobStatus& job) {
  const auto busiest = std::max_element(job.operators().begin(), job.operators().end(),
                                        [](const auto& a, const auto& b) { return a.busy_ns() < b.busy_ns(); });
  return busiest == job.operators().end() || busiest->busy_ns() == 0 ? "" : busiest->name();
}

std::string JobText(const JobStatus& job, absl::string_view folder) {
  return absl::StrCat(JobFacts(job, folder), Operators(job), Attempts(job), BadRows(job, folder));
}

std::string JobListText(const ListJobsReply& jobs, absl::string_view folder) {
  if (jobs.jobs().empty()) return "no jobs\n";
  Rows rows = {{"JOB", "STATE", ">ROWS", ">SHARDS", ">DEAD", ">ELAPSED", "OUTPUT"}};
  for (const JobStatus& job : jobs.jobs())
    rows.push_back({Printable(job.job_id()), StateWords(job), WithThousands(job.counts().rows()),
                    job.shards_total() > 0 ? absl::StrCat(job.shards_done(), "/", job.shards_total()) : "-",
                    WithThousands(job.counts().dead_letters()), Elapsed(absl::Milliseconds(job.elapsed_ms())),
                    Shown(job.spec().convert().output(), folder)});
  return Table(rows);
}

std::string WorkerListText(const ListWorkersReply& workers) {
  if (workers.workers().empty()) return "no workers\n";
  Rows rows = {{"WORKER", "STATE", ">SLOTS", "HTTP", "VERSION", ">SEEN", ">DISK FREE"}};
  for (const WorkerStatus& worker : workers.workers())
    rows.push_back({Printable(worker.name()), WorkerState(worker), absl::StrCat(worker.busy(), "/", worker.slots()),
                    Printable(worker.address()), Printable(worker.version()),
                    absl::StrCat(Elapsed(absl::Milliseconds(worker.last_sync_ms())), " ago"),
                    FormatByteSize(worker.free_disk_bytes())});
  return Table(rows);
}

}  // namespace millrace::cli
