#include "worker/pipeline/write_task.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/byte_size.h"
#include "common/base/failpoint.h"
#include "common/base/status_macros.h"
#include "common/dataset/dead_letter.h"
#include "common/dataset/layout.h"
#include "common/dataset/permutation.h"
#include "common/dataset/row_log.h"
#include "common/dataset/schema.h"
#include "common/dataset/uri.h"
#include "common/net/http_uri.h"
#include "common/record/shard_name.h"
#include "worker/pipeline/clock.h"
#include "worker/pipeline/image_wishes.h"
#include "worker/pipeline/operator_clock.h"
#include "worker/pipeline/outcome.h"
#include "worker/pipeline/record_encoder.h"
#include "worker/pipeline/resources.h"
#include "worker/pipeline/row_feed.h"
#include "worker/pipeline/shard_writer.h"

namespace millrace {
namespace {

constexpr int64_t kProgressNs = 100'000'000;
constexpr size_t kMostSlots = 64;

// Where a row's image lies: below the job's URI base or its CSV's folder, where an absolute URI says, or on the
// network.
UriResolver MakeResolver(const ConvertSpec& spec, std::shared_ptr<const JobSummary> summary) {
  return [base = spec.uri_base(), summary = std::move(summary)](const Row& row) -> ImageOr<ImagePlace> {
    if (IsHttpUri(row.uri)) return ImagePlace{row.uri, true};
    if (IsHttpUri(base)) return ImagePlace{ResolveHttpUri(row.uri, base), true};
    const bool known = row.input < summary->input_files.size();
    const absl::string_view csv = known ? summary->input_files[row.input] : absl::string_view();
    absl::StatusOr<std::string> path = ResolveUri(row.uri, base.empty() ? FolderOf(csv) : absl::string_view(base));
    if (path.ok()) return ImagePlace{*std::move(path), false};
    const bool scheme = absl::IsUnimplemented(path.status());
    return ImageError{scheme ? "file/scheme" : "file/not_found", std::string(path.status().message())};
  };
}

// One attempt, from its assignment to its result.
class WriteAttempt {
 public:
  WriteAttempt(TaskContext& context, const WriteOptions& options)
      : context_(context),
        options_(options),
        shared_(options.resources->shared()),
        spec_(context.assignment.spec()),
        work_(context.assignment.write()),
        staging_(AttemptStagingFolder(context.assignment)),
        label_{LabelFeatureOf(spec_), spec_.multi_label(), {}} {}

  absl::StatusOr<WriteResult> Run() {
    MILLRACE_RETURN_IF_ERROR(Failpoint("write/begin"));
    MILLRACE_RETURN_IF_ERROR(CheckThisWorkerFits());
    MILLRACE_RETURN_IF_ERROR(Open());
    MILLRACE_RETURN_IF_ERROR(WriteRows());
    return Finish();
  }

 private:
  absl::Status CheckThisWorkerFits() const;
  absl::Status Open();
  absl::Status WriteRows();
  absl::Status ReadRow(int64_t ordinal, Row& row);
  absl::Status Consume(const RowSlot& slot);
  void FindLabels(const Row& row);
  absl::Status Encode(const RowSlot& slot);
  absl::StatusOr<PreparedFile> PrepareIndex();
  absl::Status AddDeadLetter(const BadRow& bad, absl::string_view file);
  absl::StatusOr<WriteResult> Finish();
  void CountPreparation(const RowSlot& slot);
  void Report();

  std::string OutputPath(absl::string_view name) const { return absl::StrCat(spec_.output(), "/", name); }
  std::string ShardName() const {
    return ShardFileName(work_.split(), work_.shard(), work_.num_shards(), spec_.compression());
  }
  std::string DeadLetterPath() const { return absl::StrCat(staging_, "/discarded.jsonl"); }

  TaskContext& context_;
  const WriteOptions& options_;
  PipelineResources::Shared& shared_;
  const ConvertSpec& spec_;
  const WriteWork& work_;
  const std::string staging_;

  std::shared_ptr<const JobSummary> summary_;
  std::unique_ptr<RowLogReader> rows_;
  std::unique_ptr<Permutation> shuffle_;
  std::unique_ptr<ShardWriter> shard_;
  std::unique_ptr<RecordEncoder> encoder_;
  std::string index_;  // "<first byte> <bytes>" a record
  std::unique_ptr<PreparedWriter> dead_letters_;
  int64_t dead_letter_bytes_ = 0;
  RecordLabel label_;
  ShardOutcome outcome_;
  OperatorClock operators_;
  int64_t bytes_read_ = 0;
  int64_t next_report_ns_ = 0;
};

absl::Status WriteAttempt::CheckThisWorkerFits() const {
  if (!work_.encoding_version().empty() && work_.encoding_version() != EncodingVersion()) {
    return absl::FailedPreconditionError(absl::StrCat("this worker encodes with ", EncodingVersion(),
                                                      ", the job began with ", work_.encoding_version(),
                                                      ": the bytes could differ"));
  }
  const int64_t one_image = ImageWishes(spec_).limits.max_memory_bytes;
  if (one_image <= shared_.budget.total()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the job allows one image ", FormatByteSize(one_image),
                                                    ", this worker has ", FormatByteSize(shared_.budget.total()),
                                                    " for images: start it with a larger --memory-budget"));
}

absl::Status WriteAttempt::Open() {
  const std::string scan_folder = OutputPath(work_.scan_dir());
  MILLRACE_ASSIGN_OR_RETURN(summary_, shared_.summaries.Get(context_.store, scan_folder));
  const std::string log = absl::StrCat(scan_folder, "/rows-", SplitName(work_.split()), ".log");
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Source> source, context_.store.Open(log));
  MILLRACE_ASSIGN_OR_RETURN(rows_, RowLogReader::Open(std::move(source), log));
  if (spec_.has_shuffle_seed()) shuffle_ = std::make_unique<Permutation>(work_.split_rows(), spec_.shuffle_seed());
  const std::string name = ShardName();
  MILLRACE_ASSIGN_OR_RETURN(
      shard_, ShardWriter::Create(context_.store, OutputPath(name), absl::StrCat(staging_, "/", name), spec_));
  encoder_ = std::make_unique<RecordEncoder>(shard_->stream(), ImageWishes(spec_));
  return absl::OkStatus();
}

absl::Status WriteAttempt::WriteRows() {
  const ImageWishes wishes(spec_);
  RowFeed feed(
      work_.begin(), work_.end(), [&](int64_t ordinal, Row& row) { return ReadRow(ordinal, row); },
      MakeResolver(spec_, summary_), shared_.fetcher.get(), shared_.budget, wishes.limits.max_memory_bytes);
  const RowPreparer preparer({.wishes = wishes,
                              .file_roots = options_.file_roots,
                              .fetcher = shared_.fetcher.get(),
                              .let_go = [&] { feed.LetGo(); },
                              .stop = context_.stop},
                             shared_.budget);
  std::vector<RowSlot> ring(std::min(kMostSlots, static_cast<size_t>(2 * shared_.threads)));
  HelperPool::Attempt attempt(shared_.helpers, preparer, ring);
  int64_t read = work_.begin();
  for (int64_t ordinal = work_.begin(); ordinal < work_.end(); ++ordinal) {
    if (context_.stop.stop_requested()) return absl::CancelledError("the attempt was dropped");
    MILLRACE_RETURN_IF_ERROR(Failpoint("write/row"));
    const bool ahead = attempt.HasHelpers();
    const int64_t end = std::min(work_.end(), ordinal + (ahead ? static_cast<int64_t>(ring.size()) : 1));
    for (; read < end; ++read) {
      RowSlot& slot = ring[static_cast<size_t>(read) % ring.size()];
      MILLRACE_RETURN_IF_ERROR(feed.Next(slot));
      if (ahead) attempt.Offer(slot);
    }
    const size_t index = static_cast<size_t>(ordinal) % ring.size();
    if (attempt.Prepare(index, static_cast<size_t>(read - ordinal - 1)) == RowPreparer::Outcome::kStopped) {
      return absl::CancelledError("the attempt was dropped");
    }
    operators_[OperatorClock::kEncode].wait_ns = attempt.waited_ns();
    MILLRACE_RETURN_IF_ERROR(Consume(ring[index]));
    ring[index].Release();
    ring[index].state = RowSlot::kOwned;
  }
  return absl::OkStatus();
}

absl::Status WriteAttempt::ReadRow(int64_t ordinal, Row& row) {
  const int64_t start = NowNs();
  MILLRACE_ASSIGN_OR_RETURN(const LogRow logged, rows_->Read(shuffle_ ? (*shuffle_)(ordinal) : ordinal));
  row.ordinal = ordinal;
  row.uri.assign(logged.uri.data(), logged.uri.size());
  row.label.assign(logged.label.data(), logged.label.size());
  row.has_label = logged.has_label;
  row.features.assign(logged.features.data(), logged.features.size());
  row.input = static_cast<uint32_t>(logged.file);
  row.row = logged.row;
  row.line = logged.line;
  OperatorClock::Work& work = operators_[OperatorClock::kReadRows];
  ++work.rows;
  work.bytes += static_cast<int64_t>(row.uri.size() + row.label.size());
  work.busy_ns += NowNs() - start;
  return absl::OkStatus();
}

absl::Status WriteAttempt::Consume(const RowSlot& slot) {
  CountPreparation(slot);
  if (slot.error.has_value()) {
    const bool known = slot.row.input < summary_->input_files.size();
    const BadRow bad = outcome_.AddBad(slot, known ? summary_->input_files[slot.row.input] : "");
    MILLRACE_RETURN_IF_ERROR(AddDeadLetter(bad, known ? summary_->input_names[slot.row.input] : ""));
  } else {
    FindLabels(slot.row);
    MILLRACE_RETURN_IF_ERROR(Encode(slot));
    outcome_.AddWritten(slot, label_.ids);
  }
  if (NowNs() >= next_report_ns_) Report();
  return absl::OkStatus();
}

void WriteAttempt::CountPreparation(const RowSlot& slot) {
  OperatorClock::Work& fetch = operators_[OperatorClock::kFetch];
  ++fetch.rows;
  fetch.bytes += slot.file_bytes;
  fetch.busy_ns += slot.fetch_ns;
  fetch.wait_ns += slot.wait_ns;
  bytes_read_ += slot.file_bytes;
  OperatorClock::Work& decode = operators_[OperatorClock::kDecode];
  decode.busy_ns += slot.decode_ns;
  if (slot.error.has_value()) return;
  ++decode.rows;
  decode.bytes += slot.header.pixel_bytes();
}

void WriteAttempt::FindLabels(const Row& row) {
  label_.ids.clear();
  if (!label_.list) return label_.ids.push_back(summary_->LabelId(row.label, row.has_label));
  if (!row.has_label) return;
  for (absl::string_view label : absl::StrSplit(row.label, '\n'))
    label_.ids.push_back(summary_->LabelId(std::string(label), true));
}

absl::Status WriteAttempt::Encode(const RowSlot& slot) {
  const BlockWriter& stream = shard_->stream();
  const int64_t behind = stream.codec_ns() + stream.sink_ns();
  const int64_t start = NowNs();
  const int64_t offset = stream.bytes_in();
  absl::Status status = encoder_->Append(slot, SplitName(work_.split()), label_);
  OperatorClock::Work& encode = operators_[OperatorClock::kEncode];
  encode.busy_ns += NowNs() - start - (stream.codec_ns() + stream.sink_ns() - behind);
  ++encode.rows;
  encode.bytes = stream.bytes_in();
  operators_[OperatorClock::kGzip] = {encode.rows, stream.bytes_in(), stream.codec_ns(), 0};
  operators_[OperatorClock::kStorage] = {encode.rows, shard_->bytes_out(), stream.sink_ns(), 0};
  if (spec_.compression() == COMPRESSION_NONE) absl::StrAppend(&index_, offset, " ", stream.bytes_in() - offset, "\n");
  return status;
}

absl::Status WriteAttempt::AddDeadLetter(const BadRow& bad, absl::string_view file) {
  if (dead_letters_ == nullptr) {
    const std::string path = DeadLetterPath();
    MILLRACE_ASSIGN_OR_RETURN(dead_letters_, context_.store.Prepare(path, absl::StrCat(path, ".part")));
  }
  const std::string line = DeadLetterLine(bad, file);
  dead_letter_bytes_ += static_cast<int64_t>(line.size());
  return dead_letters_->Append(line);
}

absl::StatusOr<WriteResult> WriteAttempt::Finish() {
  WriteResult result;
  outcome_.FillResult(shard_->stream().bytes_in(), result);
  const std::string shard = absl::StrFormat("%s-%05d", std::string(SplitFileName(work_.split())), work_.shard());
  for (BadRow& bad : *result.mutable_first_bad_rows()) bad.set_shard(shard);
  MILLRACE_ASSIGN_OR_RETURN(*result.mutable_shard(), shard_->Finish());
  if (spec_.compression() == COMPRESSION_NONE) {
    MILLRACE_ASSIGN_OR_RETURN(*result.mutable_index(), PrepareIndex());
  }
  if (dead_letters_ != nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(PreparedFile file, dead_letters_->Finish());
    MILLRACE_RETURN_IF_ERROR(context_.store.Publish(file));
    result.set_dead_letters(DeadLetterPath().substr(spec_.output().size() + 1));
    result.set_dead_letter_bytes(dead_letter_bytes_);
  }
  Report();
  MILLRACE_RETURN_IF_ERROR(Failpoint("write/prepared"));
  return result;
}

absl::StatusOr<PreparedFile> WriteAttempt::PrepareIndex() {
  const std::string name = IndexFileName(ShardName());
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<PreparedWriter> writer,
                            context_.store.Prepare(OutputPath(name), absl::StrCat(staging_, "/", name)));
  MILLRACE_RETURN_IF_ERROR(writer->Append(index_));
  return writer->Finish();
}

void WriteAttempt::Report() {
  next_report_ns_ = NowNs() + kProgressNs;
  context_.progress.Update([&](Progress& progress) {
    *progress.mutable_counts() = outcome_.counts();
    progress.set_rows_total(work_.end() - work_.begin());
    progress.set_bytes_read(bytes_read_);
    progress.set_bytes_written(shard_->bytes_out());
    operators_.Report(progress);
  });
}

}  // namespace

absl::StatusOr<WriteResult> RunWrite(TaskContext& context, const WriteOptions& options) {
  return WriteAttempt(context, options).Run();
}

}  // namespace millrace
