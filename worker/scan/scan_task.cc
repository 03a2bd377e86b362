#include "worker/scan/scan_task.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/csv/labels.h"
#include "common/csv/splitter.h"
#include "common/dataset/dead_letter.h"
#include "common/dataset/row_log.h"
#include "common/dataset/schema.h"
#include "common/dataset/uri.h"
#include "common/input/row_reader.h"
#include "common/net/http_uri.h"
#include "worker/scan/input_files.h"
#include "worker/scan/row_selection.h"
#include "worker/scan/scan_outputs.h"

namespace millrace {
namespace {

constexpr int64_t kRowsBetweenLooks = 1 << 16;  // progress and stop
constexpr int64_t kSamples = 64;                // a split; at fixed ordinals, so that the plan is the same every time
constexpr int kFirstBadRows = 5;
constexpr int64_t kRowsToJudgeOrder = 100;
constexpr int64_t kImbalance = 100;  // AutoML's advice: the most common label at most 100 times the rarest

class Scanner {
 public:
  Scanner(TaskContext& context, const ScanOptions& options)
      : context_(context),
        options_(options),
        spec_(context.assignment.spec()),
        folder_(AttemptStagingFolder(context.assignment)),
        outputs_(context.store, folder_) {}

  absl::StatusOr<ScanResult> Run() {
    if (!spec_.columns().empty()) MILLRACE_RETURN_IF_ERROR(CheckColumns(ColumnsOf(spec_).columns));
    MILLRACE_ASSIGN_OR_RETURN(files_, InputFiles(spec_, options_.file_roots));
    names_ = InputNames(files_);
    if (spec_.has_rows_from()) MILLRACE_RETURN_IF_ERROR(SelectRows());
    for (size_t i = 0; i < files_.size(); ++i) MILLRACE_RETURN_IF_ERROR(ScanFile(i));
    if (selection_) MILLRACE_RETURN_IF_ERROR(selection_->CheckAllTaken());
    MILLRACE_RETURN_IF_ERROR(outputs_.Finish());
    MILLRACE_RETURN_IF_ERROR(FillSplits());
    AddWarnings();
    MILLRACE_RETURN_IF_ERROR(outputs_.Write("summary.pb", Summary().SerializeAsString()));
    result_.set_scan_dir(folder_.substr(spec_.output().size() + 1));
    result_.set_encoding_version(options_.encoding_version);
    for (const auto& [word, rows] : reasons_) {
      ReasonCount& reason = *result_.add_reasons();
      reason.set_reason(std::string(word));
      reason.set_rows(rows);
    }
    Look();
    return result_;
  }

 private:
  // Only what another job could not use, with that job's label ids.
  absl::Status SelectRows() {
    MILLRACE_ASSIGN_OR_RETURN(selection_, RowSelection::Load(context_.store, spec_.rows_from(), files_));
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> vocabulary,
                              RowSelection::Vocabulary(context_.store, spec_.rows_from()));
    spec_.set_fixed_vocabulary(true);
    spec_.mutable_vocabulary()->Assign(vocabulary.begin(), vocabulary.end());
    return absl::OkStatus();
  }

  absl::Status ScanFile(size_t index) {
    const std::string& path = files_[index];
    absl::StatusOr<std::unique_ptr<RowReader>> reader = OpenInput(path, InputOptionsOf(spec_));
    const absl::Status status = reader.ok() ? ScanRows(static_cast<int64_t>(index), **reader) : reader.status();
    if (absl::IsDataLoss(status))
      return absl::InvalidArgumentError(absl::StrCat(JsonEscape(path), ": ", status.message()));
    return status;
  }

  absl::Status ScanRows(int64_t index, RowReader& reader) {
    const int64_t bytes_before = result_.bytes_read();
    InputRow row;
    MILLRACE_ASSIGN_OR_RETURN(bool more, reader.Next(row));
    while (more) {
      MILLRACE_RETURN_IF_ERROR(
          TakeRow({index, reader.rows(), row.line, row.uri, row.label, row.has_label, row.features}, row));
      if (reader.rows() % kRowsBetweenLooks == 0) {
        result_.set_bytes_read(bytes_before + reader.bytes_read());
        Look();
        if (context_.stop.stop_requested()) return absl::CancelledError("the scan was stopped");
      }
      MILLRACE_ASSIGN_OR_RETURN(more, reader.Next(row));
    }
    result_.set_bytes_read(bytes_before + reader.bytes_read());
    for (std::string& warning : reader.Warnings()) Warn(std::move(warning));
    return absl::OkStatus();
  }

  absl::Status TakeRow(const LogRow& log, const InputRow& row) {
    if (selection_) {
      const absl::StatusOr<bool> takes = selection_->Takes(log.file, log.row, row.uri);
      if (!takes.ok()) return absl::InvalidArgumentError(absl::StrCat(Where(log), ": ", takes.status().message()));
      if (!*takes) return absl::OkStatus();
    }
    ++rows_;
    const SplitChoice choice = ChooseSplit(row.split, row.uri);
    // First: whatever else is wrong with a row that the user does not want is no concern of anybody.
    if (choice == SplitChoice::kDiscard) return Discard(log, row, "split/discard", "");
    if (!row.reason.empty()) return Discard(log, row, row.reason, row.detail);
    if (choice == SplitChoice::kUnknown) return Discard(log, row, "split/unknown", row.split);
    const int split = static_cast<int>(choice);
    MILLRACE_RETURN_IF_ERROR(CountLabel(split, log));
    return outputs_.AddRow(split, log);
  }

  absl::Status CountLabel(int split, const LogRow& log) {
    if (!log.has_label) {
      labels_.AddMissing(split);
      return absl::OkStatus();
    }
    if (!spec_.multi_label()) return AddLabel(split, log.label, log);
    for (absl::string_view label : absl::StrSplit(log.label, '\n'))
      MILLRACE_RETURN_IF_ERROR(AddLabel(split, label, log));
    return absl::OkStatus();
  }

  absl::Status AddLabel(int split, absl::string_view label, const LogRow& log) {
    const absl::Status status = labels_.Add(split, label);
    if (status.ok()) return status;
    return absl::InvalidArgumentError(absl::StrCat(Where(log), ": ", status.message(), " (row ", log.row, ")"));
  }

  std::string Where(const LogRow& log) const {
    return absl::StrCat(JsonEscape(files_[static_cast<size_t>(log.file)]), ":", log.line);
  }

  absl::Status Discard(const LogRow& log, const InputRow& row, absl::string_view reason, absl::string_view detail) {
    BadRow bad;
    bad.set_input(files_[static_cast<size_t>(log.file)]);
    bad.set_row(log.row);
    bad.set_line(log.line);
    bad.set_uri(std::string(row.uri));
    bad.set_reason(std::string(reason));
    bad.set_detail(std::string(detail));
    if (reason == "split/discard") {
      ++discarded_;
    } else {
      ++dead_letters_;
      ++reasons_[reason];
      if (result_.first_bad_rows_size() < kFirstBadRows) {
        BadRow& shown = *result_.add_first_bad_rows();  // leaves for logs, screens and the journal
        shown = bad;
        shown.set_uri(RedactUri(bad.uri()));
      }
    }
    return outputs_.AddDeadLetter(bad, names_[static_cast<size_t>(log.file)]);
  }

  absl::Status FillSplits() {
    for (int split = 0; split < kSplits; ++split) {
      const int64_t rows = outputs_.rows(split);
      if (rows == 0) continue;
      SplitPlan& plan = *result_.add_splits();
      plan.set_split(static_cast<Split>(split));
      plan.set_rows(rows);
      MILLRACE_RETURN_IF_ERROR(Sample(plan));
    }
    RowCounts& counts = *result_.mutable_counts();
    counts.set_rows(rows_);
    counts.set_discarded(discarded_);
    counts.set_dead_letters(dead_letters_);
    return absl::OkStatus();
  }

  absl::Status Sample(SplitPlan& plan) {
    const std::string path = outputs_.PathOf(RowLogName(plan.split()));
    MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Source> source, context_.store.Open(path));
    MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<RowLogReader> log, RowLogReader::Open(std::move(source), path));
    const int64_t samples = std::min(kSamples, plan.rows());
    for (int64_t i = 0; i < samples; ++i) {
      MILLRACE_ASSIGN_OR_RETURN(const LogRow row, log->Read(i * plan.rows() / samples));
      const absl::StatusOr<std::string> image = ResolveUri(row.uri, UriBase(row.file));
      const bool can_ask = image.ok() && options_.estimate_bytes != nullptr;
      const std::optional<int64_t> bytes = can_ask ? options_.estimate_bytes(*image) : std::nullopt;
      if (!bytes) continue;
      plan.set_sampled_rows(plan.sampled_rows() + 1);
      plan.set_sampled_bytes(plan.sampled_bytes() + *bytes);
    }
    return absl::OkStatus();
  }

  absl::string_view UriBase(int64_t file) const {
    return spec_.uri_base().empty() ? FolderOf(files_[static_cast<size_t>(file)]) : absl::string_view(spec_.uri_base());
  }

  void AddWarnings() {
    const LabelCounter::Counts train = labels_.OfSplit(SPLIT_TRAIN);
    const int64_t rows = outputs_.rows(SPLIT_TRAIN);
    if (rows == 0) Warn("no row is in TRAIN, so the vocabulary is empty and every label is -1");
    if (train.size() >= 2 && rows >= kRowsToJudgeOrder &&
        labels_.changes(SPLIT_TRAIN) < static_cast<int64_t>(2 * train.size()) && !spec_.has_shuffle_seed())
      Warn(
          "the input is sorted by label: neighbouring records will have the same label; mix them with --shuffle-seed "
          "1");
    if (train.size() >= 2 && train.front().second > kImbalance * train.back().second)
      Warn(absl::StrCat("label '", JsonEscape(train.front().first), "' has ", WithThousands(train.front().second),
                        " rows in TRAIN, '", JsonEscape(train.back().first), "' only ",
                        WithThousands(train.back().second), ": more than ", kImbalance, " times as many"));
    if (!spec_.fixed_vocabulary()) return;
    const int64_t outside = labels_.Outside({spec_.vocabulary().begin(), spec_.vocabulary().end()});
    if (outside > 0)
      Warn(absl::StrCat(WithThousands(outside),
                        " rows have a label that is not in the vocabulary file; their label is -1"));
  }

  void Warn(std::string text) { result_.add_warnings(std::move(text)); }

  ScanSummary Summary() {
    ScanSummary summary;
    if (spec_.fixed_vocabulary()) {
      *summary.mutable_vocabulary() = spec_.vocabulary();
    } else {
      for (std::string& label : labels_.Vocabulary()) summary.add_vocabulary(std::move(label));
    }
    result_.set_labels(summary.vocabulary_size());
    for (int split = 0; split < kSplits; ++split) {
      if (outputs_.rows(split) == 0) continue;
      ScanSummary::SplitLabels& labels = *summary.add_splits();
      labels.set_split(static_cast<Split>(split));
      labels.set_rows(outputs_.rows(split));
      labels.set_missing(labels_.missing(split));
      for (auto& [label, rows] : labels_.OfSplit(split)) {
        ScanSummary::LabelCount& count = *labels.add_labels();
        count.set_label(label);
        count.set_rows(rows);
      }
    }
    for (const std::string& file : files_) summary.add_input_files(file);
    *summary.mutable_counts() = result_.counts();
    *summary.mutable_warnings() = result_.warnings();
    return summary;
  }

  void Look() {
    context_.progress.Update([&](Progress& progress) {
      progress.mutable_counts()->set_rows(rows_);
      progress.mutable_counts()->set_discarded(discarded_);
      progress.mutable_counts()->set_dead_letters(dead_letters_);
      progress.set_bytes_read(result_.bytes_read());
    });
  }

  TaskContext& context_;
  const ScanOptions& options_;
  ConvertSpec spec_;
  const std::string folder_;
  ScanOutputs outputs_;
  std::vector<std::string> files_;
  std::vector<std::string> names_;  // what dead letters call them
  std::optional<RowSelection> selection_;
  LabelCounter labels_;
  int64_t rows_ = 0, discarded_ = 0, dead_letters_ = 0;
  absl::btree_map<absl::string_view, int64_t> reasons_;
  ScanResult result_;
};

}  // namespace

std::string RowLogName(Split split) { return absl::StrCat("rows-", Split_Name(split).substr(6), ".log"); }

absl::StatusOr<ScanResult> RunScan(TaskContext& context, const ScanOptions& options) {
  return Scanner(context, options).Run();
}

}  // namespace millrace
