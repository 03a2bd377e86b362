#include "common/dataset/statistics.h"

#include <algorithm>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/dataset/json_object.h"
#include "common/dataset/layout.h"

namespace millrace {
namespace {

constexpr int64_t kMaxStatisticsBytes = 256 * kMiB;
// AutoML's advice: the most common label at most 100 times as often as the least common one.
constexpr int64_t kImbalance = 100;

using LabelIds = absl::flat_hash_map<std::string, int64_t>;

LabelIds IdsOf(const ScanSummary& summary) {
  LabelIds ids;
  for (const std::string& token : summary.vocabulary()) ids.emplace(token, static_cast<int64_t>(ids.size()));
  return ids;
}

void AddExtremes(const ShardStatistics& shard, bool first, SplitStatistics& split) {
  const auto lower = [&](int64_t value, int64_t& bound) { bound = first ? value : std::min(bound, value); };
  lower(shard.min_width(), split.min_width);
  lower(shard.min_height(), split.min_height);
  split.max_width = std::max<int64_t>(split.max_width, shard.max_width());
  split.max_height = std::max<int64_t>(split.max_height, shard.max_height());
}

void AddShard(const WriteResult& result, SplitStatistics& split, std::map<int64_t, int64_t>& written) {
  const ShardStatistics& shard = result.statistics();
  // A shard without a record has no smallest image.
  if (result.counts().written() > 0) AddExtremes(shard, split.written == 0, split);
  split.written += result.counts().written();
  split.dead_letters += result.counts().dead_letters();
  split.source_bytes += shard.source_bytes();
  split.record_bytes += shard.record_bytes();
  split.file_bytes += result.shard().size();
  split.pixels += shard.pixels();
  split.grayscale += shard.grayscale();
  for (const auto& [id, rows] : shard.labels()) written[id] += rows;
}

SplitStatistics MakeSplit(const PublishWork& work, const ScanSummary::SplitLabels& scanned, const LabelIds& ids) {
  SplitStatistics split;
  split.split = scanned.split();
  split.rows = scanned.rows();
  split.missing_labels = scanned.missing();
  std::map<int64_t, int64_t> written;
  for (const PublishWork::Shard& shard : work.shards())
    if (shard.work().split() == split.split) AddShard(shard.result(), split, written);
  split.mean_pixels = split.written == 0 ? 0 : split.pixels / split.written;
  split.unlabelled_written = written[-1];
  for (const auto& counted : scanned.labels()) {
    const auto id = ids.find(counted.label());
    LabelStatistics& label = split.labels.emplace_back();
    label.id = id == ids.end() ? -1 : id->second;
    label.label = counted.label();
    label.rows = counted.rows();
    label.written = label.id < 0 ? 0 : written[label.id];
  }
  return split;
}

// The labels are sorted by rows, so the first and the last tell.
void WarnOfImbalance(const SplitStatistics& split, std::vector<std::string>& warnings) {
  if (split.split != SPLIT_TRAIN || split.labels.size() < 2) return;
  const LabelStatistics& most = split.labels.front();
  const LabelStatistics& least = split.labels.back();
  if (most.rows <= least.rows * kImbalance) return;
  warnings.push_back(absl::StrCat("labels of TRAIN are unbalanced: '", most.label, "' has ", WithThousands(most.rows),
                                  " rows, '", least.label, "' has ", WithThousands(least.rows), ", more than ",
                                  kImbalance, " times fewer: a model may never learn it"));
}

std::string LabelText(const LabelStatistics& label) {
  return absl::StrFormat(R"(        {"id": %d, "label": "%s", "rows": %d, "written": %d})", label.id,
                         JsonEscape(label.label), label.rows, label.written);
}

std::string SplitText(const SplitStatistics& split) {
  std::string text = absl::StrFormat(
      R"(    {"split": "%s", "rows": %d, "written": %d, "dead_letters": %d,
      "missing_labels": %d, "unlabelled_written": %d,
      "source_bytes": %d, "record_bytes": %d, "file_bytes": %d,
      "pixels": %d, "mean_pixels": %d, "min_width": %d, "max_width": %d, "min_height": %d, "max_height": %d,
      "grayscale": %d,
      "labels": [)",
      SplitName(split.split), split.rows, split.written, split.dead_letters, split.missing_labels,
      split.unlabelled_written, split.source_bytes, split.record_bytes, split.file_bytes, split.pixels,
      split.mean_pixels, split.min_width, split.max_width, split.min_height, split.max_height, split.grayscale);
  absl::string_view separator = "\n";
  for (const LabelStatistics& label : split.labels) {
    absl::StrAppend(&text, separator, LabelText(label));
    separator = ",\n";
  }
  return absl::StrCat(text, split.labels.empty() ? "]}" : "\n      ]}");
}

SplitStatistics ReadSplit(const JsonObject& json) {
  SplitStatistics split;
  if (!ParseSplitName(json.Text("split"), split.split)) json.Fail("split", "must be TRAIN, VALIDATION or TEST");
  const std::pair<absl::string_view, int64_t*> members[] = {
      {"rows", &split.rows},
      {"written", &split.written},
      {"dead_letters", &split.dead_letters},
      {"missing_labels", &split.missing_labels},
      {"unlabelled_written", &split.unlabelled_written},
      {"source_bytes", &split.source_bytes},
      {"record_bytes", &split.record_bytes},
      {"file_bytes", &split.file_bytes},
      {"pixels", &split.pixels},
      {"mean_pixels", &split.mean_pixels},
      {"min_width", &split.min_width},
      {"max_width", &split.max_width},
      {"min_height", &split.min_height},
      {"max_height", &split.max_height},
      {"grayscale", &split.grayscale},
  };
  for (const auto& [name, value] : members) *value = json.Int(name);
  for (const JsonObject& item : json.Objects("labels")) {
    split.labels.push_back({item.Int("id", -1), item.Text("label"), item.Int("rows"), item.Int("written")});
  }
  return split;
}

void ReadBody(const JsonObject& json, DatasetStatistics& statistics) {
  const JsonObject counts = json.Object("counts");
  statistics.counts.set_rows(counts.Int("rows"));
  statistics.counts.set_written(counts.Int("written"));
  statistics.counts.set_discarded(counts.Int("discarded"));
  statistics.counts.set_dead_letters(counts.Int("dead_letters"));
  for (const JsonObject& split : json.Objects("splits")) statistics.splits.push_back(ReadSplit(split));
  statistics.warnings = json.Texts("warnings");
}

}  // namespace

DatasetStatistics MakeStatistics(const PublishWork& work, const ScanSummary& summary) {
  DatasetStatistics statistics;
  statistics.counts = work.scan().counts();
  statistics.warnings.assign(summary.warnings().begin(), summary.warnings().end());
  const LabelIds ids = IdsOf(summary);
  for (const ScanSummary::SplitLabels& scanned : summary.splits()) {
    if (scanned.rows() == 0) continue;
    statistics.splits.push_back(MakeSplit(work, scanned, ids));
    const SplitStatistics& split = statistics.splits.back();
    statistics.counts.set_written(statistics.counts.written() + split.written);
    statistics.counts.set_dead_letters(statistics.counts.dead_letters() + split.dead_letters);
    WarnOfImbalance(split, statistics.warnings);
  }
  std::sort(statistics.splits.begin(), statistics.splits.end(),
            [](const auto& a, const auto& b) { return a.split < b.split; });
  return statistics;
}

std::string StatisticsText(const DatasetStatistics& statistics) {
  const RowCounts& counts = statistics.counts;
  std::string text = absl::StrFormat(
      "{\n  \"version\": %d,\n"
      "  \"counts\": {\"rows\": %d, \"written\": %d, \"discarded\": %d, \"dead_letters\": %d},\n  \"splits\": [",
      DatasetStatistics::kVersion, counts.rows(), counts.written(), counts.discarded(), counts.dead_letters());
  absl::string_view separator = "\n";
  for (const SplitStatistics& split : statistics.splits) {
    absl::StrAppend(&text, separator, SplitText(split));
    separator = ",\n";
  }
  absl::StrAppend(&text, statistics.splits.empty() ? "]" : "\n  ]", ",\n  \"warnings\": [");
  separator = "\n";
  for (const std::string& warning : statistics.warnings) {
    absl::StrAppend(&text, separator, "    \"", JsonEscape(warning), "\"");
    separator = ",\n";
  }
  return absl::StrCat(text, statistics.warnings.empty() ? "]" : "\n  ]", "\n}\n");
}

absl::StatusOr<DatasetStatistics> ParseStatistics(absl::string_view text) {
  DatasetStatistics statistics;
  int64_t version = 0;
  MILLRACE_RETURN_IF_ERROR(JsonObject::Parse(text, [&](const JsonObject& json) {
    version = json.Int("version", 1);
    if (version == DatasetStatistics::kVersion) ReadBody(json, statistics);
  }));
  if (version == DatasetStatistics::kVersion) return statistics;
  return absl::FailedPreconditionError(absl::StrCat("the statistics have format version ", version,
                                                    "; this Millrace reads version ", DatasetStatistics::kVersion,
                                                    ": use a newer Millrace"));
}

absl::StatusOr<DatasetStatistics> ReadStatistics(const Store& store, absl::string_view folder) {
  const std::string path = absl::StrCat(folder, "/", kStatisticsFile);
  absl::StatusOr<std::string> text = store.Read(path, kMaxStatisticsBytes);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        absl::StrCat(folder, ": no ", kStatisticsFile, ": not a Millrace dataset, or its job has not finished"));
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<DatasetStatistics> statistics = ParseStatistics(*text);
  if (!statistics.ok()) return Annotate(statistics.status(), path);
  return statistics;
}

}  // namespace millrace
