#include "coordinator/cli/dataset_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"
#include "common/dataset/layout.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

constexpr size_t kLabelsShown = 20;

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", JsonEscape(text), "\""); }

std::string Where(const VerifyProblem& problem) {
  std::string where;
  if (problem.record >= 0) absl::StrAppend(&where, "record ", WithThousands(problem.record));
  if (problem.offset >= 0)
    absl::StrAppend(&where, where.empty() ? "" : " at ", "offset ", WithThousands(problem.offset));
  return where.empty() ? where : where + ": ";
}

std::string ProblemJson(const VerifyProblem& problem) {
  return absl::StrFormat(R"({"file":%s,"record":%d,"offset":%d,"found":%s,"advice":%s})", Quoted(problem.file),
                         problem.record, problem.offset, Quoted(problem.found), Quoted(problem.advice));
}

std::string Range(int64_t low, int64_t high) {
  return low == high ? absl::StrCat(low) : absl::StrCat(low, " to ", high);
}

std::string SplitText(const SplitStatistics& split) {
  const std::string sizes = split.written == 0 ? ""
                                               : absl::StrCat("width ", Range(split.min_width, split.max_width),
                                                              ", height ", Range(split.min_height, split.max_height),
                                                              ", mean ", WithThousands(split.mean_pixels), " pixels");
  std::string text =
      absl::StrCat("\n", std::string(SplitName(split.split)), "\n",
                   Facts({{"  rows", absl::StrCat(WithThousands(split.rows), ": ", WithThousands(split.written),
                                                  " written, ", WithThousands(split.dead_letters), " dead letters")},
                          {"  images", sizes},
                          {"  grayscale", split.grayscale > 0 ? Count(split.grayscale, "image") : ""},
                          {"  bytes", absl::StrCat(FormatByteSize(split.source_bytes), " of image files, ",
                                                   FormatByteSize(split.record_bytes), " of records, ",
                                                   FormatByteSize(split.file_bytes), " on disk")},
                          {"  no label", split.missing_labels > 0 ? Count(split.missing_labels, "row") : ""}}));
  std::vector<std::vector<std::string>> labels = {{"  LABEL", ">ID", ">ROWS", ">WRITTEN"}};
  for (size_t i = 0; i < std::min(split.labels.size(), kLabelsShown); ++i) {
    const LabelStatistics& label = split.labels[i];
    labels.push_back({absl::StrCat("  ", Printable(label.label)), label.id < 0 ? "-" : absl::StrCat(label.id),
                      WithThousands(label.rows), label.id < 0 ? "-" : WithThousands(label.written)});
  }
  if (labels.size() > 1) absl::StrAppend(&text, Table(labels));
  if (split.labels.size() > kLabelsShown)
    absl::StrAppend(&text, "  and ", Count(static_cast<int64_t>(split.labels.size() - kLabelsShown), "more label"),
                    " (--format json shows all)\n");
  return text;
}

}  // namespace

std::string InspectText(const InspectResult& result, absl::string_view folder) {
  std::string text;
  for (const std::string& image : result.images) absl::StrAppend(&text, Printable(ShortPath(image, folder)), "\n");
  if (!result.montage.empty()) absl::StrAppend(&text, Printable(ShortPath(result.montage, folder)), "\n");
  return absl::StrCat(text, Count(result.records, "record"), ", described in ",
                      Printable(ShortPath(result.csv, folder)), "\n");
}

std::string InspectJson(const InspectResult& result) {
  const std::string images = absl::StrJoin(
      result.images, ",", [](std::string* out, const std::string& image) { absl::StrAppend(out, Quoted(image)); });
  return absl::StrFormat("{\"records\":%d,\"images\":[%s],\"csv\":%s,\"montage\":%s}\n", result.records, images,
                         Quoted(result.csv), result.montage.empty() ? "null" : Quoted(result.montage));
}

std::string VerifyText(const VerifyReport& report, absl::string_view folder) {
  return absl::StrCat("ok: ", Printable(folder), " is whole: ", Count(report.records, "record"), ", ",
                      Count(report.files, "file"), ", ", FormatByteSize(report.bytes), "\n  ", Printable(report.digest),
                      "\n");
}

std::string VerifyJson(const VerifyReport& report, absl::string_view folder) {
  const std::string problems = absl::StrJoin(
      report.problems, ",", [](std::string* out, const auto& p) { absl::StrAppend(out, ProblemJson(p)); });
  return absl::StrFormat(
      R"({"ok":%s,"folder":%s,"files":%d,"bytes":%d,"records":%d,"digest":%s,"problems_found":%d,"problems":[%s]})",
      report.ok() ? "true" : "false", Quoted(folder), report.files, report.bytes, report.records, Quoted(report.digest),
      report.problems_found, problems);
}

std::string ProblemLines(const VerifyReport& report, absl::string_view folder) {
  std::string text;
  for (const VerifyProblem& problem : report.problems) {
    const std::string file = problem.file.empty() ? std::string(folder) : absl::StrCat(folder, "/", problem.file);
    absl::StrAppend(&text, "error: ", Printable(file), ": ", Where(problem), Printable(problem.found), "\n");
    if (!problem.advice.empty()) absl::StrAppend(&text, "  try: ", Printable(problem.advice), "\n");
  }
  const int64_t more = report.problems_found - static_cast<int64_t>(report.problems.size());
  if (more > 0) absl::StrAppend(&text, "error: and ", Count(more, "more problem"), "\n");
  return text;
}

std::string StatsText(const DatasetStatistics& statistics) {
  const RowCounts& counts = statistics.counts;
  std::string text = absl::StrCat(Count(counts.rows(), "row"), ": ", WithThousands(counts.written()), " written, ",
                                  WithThousands(counts.discarded()), " discarded, ",
                                  WithThousands(counts.dead_letters()), " dead letters\n");
  for (const std::string& warning : statistics.warnings) absl::StrAppend(&text, "warning: ", Printable(warning), "\n");
  for (const SplitStatistics& split : statistics.splits) absl::StrAppend(&text, SplitText(split));
  return text;
}

}  // namespace millrace::cli
