#include "coordinator/cli/report.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"
#include "common/dataset/layout.h"
#include "coordinator/cli/progress.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

std::string Shown(absl::string_view path, absl::string_view folder) { return Printable(ShortPath(path, folder)); }

// Where a bad row was met: job, and shard and worker as far as they are known.
std::string Origin(const JobStatus& job, const BadRow& row) {
  std::string origin = absl::StrCat("  job ", Printable(job.job_id()));
  if (!row.shard().empty()) absl::StrAppend(&origin, ", shard ", Printable(row.shard()));
  if (!row.worker().empty()) absl::StrAppend(&origin, ", worker ", Printable(row.worker()));
  return origin;
}

double SecondsOf(const JobStatus& job) { return static_cast<double>(job.elapsed_ms()) / 1000; }

double RowsPerSecond(const JobStatus& job) {
  return job.elapsed_ms() > 0 ? static_cast<double>(job.counts().rows()) / SecondsOf(job) : 0;
}

std::string Reasons(const JobStatus& job) {
  return absl::StrJoin(job.reasons(), ", ", [](std::string* out, const ReasonCount& reason) {
    absl::StrAppend(out, Printable(reason.reason()), " ", WithThousands(reason.rows()));
  });
}

std::string DeadLetters(const JobStatus& job, const std::string& output) {
  if (job.counts().dead_letters() == 0) return "0 rows";
  const std::string reasons = job.reasons_size() > 0 ? absl::StrCat(" (", Reasons(job), ")") : "";
  return absl::StrCat(Count(job.counts().dead_letters(), "row"), reasons, ", listed in ", output, "/",
                      std::string(kDeadLettersFile));
}

}  // namespace

std::string BadRowLine(absl::string_view severity, const BadRow& row, absl::string_view folder) {
  std::string line = absl::StrCat(severity, ": ", Shown(row.input(), folder), ":", row.line(), ": ");
  if (!row.uri().empty()) absl::StrAppend(&line, Printable(row.uri()), ": ");
  absl::StrAppend(&line, Printable(row.reason()));
  if (!row.detail().empty()) absl::StrAppend(&line, " (", Printable(row.detail()), ")");
  return line;
}

std::string BadRowLines(absl::string_view severity, const JobStatus& job, absl::string_view folder) {
  // They come in the order in which shards ended; people read a file from its top.
  std::vector<BadRow> rows(job.first_bad_rows().begin(), job.first_bad_rows().end());
  std::stable_sort(rows.begin(), rows.end(), [](const BadRow& a, const BadRow& b) {
    return a.input() != b.input() ? a.input() < b.input() : a.line() < b.line();
  });
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    absl::StrAppend(&text, BadRowLine(severity, rows[i], folder), "\n");
    const bool last = i + 1 == rows.size();
    if (last || Origin(job, rows[i + 1]) != Origin(job, rows[i])) absl::StrAppend(&text, Origin(job, rows[i]), "\n");
  }
  return text;
}

std::string FailureText(const JobStatus& job, absl::string_view folder, absl::string_view advice) {
  const std::string error = job.error().empty() ? "the job failed" : Printable(ShortenPathsIn(job.error(), folder));
  std::string text = absl::StrCat("error: ", error, "\n", BadRowLines("error", job, folder));
  if (job.first_bad_rows_size() == 0) absl::StrAppend(&text, "  job ", Printable(job.job_id()), "\n");
  return absl::StrCat(text, "  try: ", advice, "\n");
}

std::string ResultText(const JobStatus& job, absl::string_view folder) {
  const std::string output = Shown(job.spec().convert().output(), folder);
  const std::string rate = WithThousands(static_cast<int64_t>(RowsPerSecond(job) + 0.5));
  return absl::StrCat(
      "done: ", Count(job.counts().written(), "row"), " written to ", output, " in ",
      Elapsed(absl::Milliseconds(job.elapsed_ms())), " (", rate, " rows/s)\n",
      Facts({{"  shards", absl::StrCat(WithThousands(job.shards_total()), ", ", FormatByteSize(job.bytes_written()))},
             {"  discarded", job.counts().discarded() > 0 ? Count(job.counts().discarded(), "row") : ""},
             {"  dead letters", DeadLetters(job, output)},
             {"  to check it", absl::StrCat("millrace datasets verify ", output)}}));
}

std::string ResultJson(const JobStatus& job) {
  const std::string error = job.error().empty() ? "" : absl::StrCat(",\"error\":\"", JsonEscape(job.error()), "\"");
  return absl::StrFormat(
      R"({"job_id":"%s","state":"%s","rows":%d,"written":%d,"discarded":%d,"dead_letters":%d,"shards":%d,"bytes":%d,)"
      R"("seconds":%.3f,"rows_per_second":%.1f,"output":"%s"%s})",
      JsonEscape(job.job_id()), StateName(job.state()), job.counts().rows(), job.counts().written(),
      job.counts().discarded(), job.counts().dead_letters(), job.shards_total(), job.bytes_written(), SecondsOf(job),
      RowsPerSecond(job), JsonEscape(job.spec().convert().output()), error);
}

std::string UpToDateText(const JobStatus& job, absl::string_view folder) {
  return absl::StrCat("up to date: ", Shown(job.spec().convert().output(), folder), " (job ", Printable(job.job_id()),
                      ": ", Count(job.counts().written(), "row"), " in ", Count(job.shards_total(), "shard"), ")\n");
}

}  // namespace millrace::cli
