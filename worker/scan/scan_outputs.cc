#include "worker/scan/scan_outputs.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/dataset/dead_letter.h"
#include "worker/scan/scan_task.h"

namespace millrace {
namespace {

constexpr size_t kDeadLetterBuffer = 64 << 10;
constexpr absl::string_view kDeadLetters = "discarded.jsonl";

}  // namespace

std::string ScanOutputs::PathOf(absl::string_view name) const { return absl::StrCat(folder_, "/", name); }

absl::StatusOr<std::unique_ptr<PreparedWriter>> ScanOutputs::Create(absl::string_view name) {
  return store_.Prepare(PathOf(name), absl::StrCat(PathOf(name), ".prepared"));
}

absl::Status ScanOutputs::Publish(PreparedWriter& file) {
  MILLRACE_ASSIGN_OR_RETURN(const PreparedFile prepared, file.Finish());
  return store_.Publish(prepared);
}

absl::Status ScanOutputs::AddRow(int split, const LogRow& row) {
  Log& log = logs_[static_cast<size_t>(split)];
  if (log.writer == nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(log.file, Create(RowLogName(static_cast<Split>(split))));
    log.writer = std::make_unique<RowLogWriter>(log.file.get());
  }
  return log.writer->Add(row);
}

absl::Status ScanOutputs::AddDeadLetter(const BadRow& row, absl::string_view file) {
  buffered_ += DeadLetterLine(row, file);
  return buffered_.size() < kDeadLetterBuffer ? absl::OkStatus() : FlushDeadLetters();
}

absl::Status ScanOutputs::FlushDeadLetters() {
  if (dead_letters_ == nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(dead_letters_, Create(kDeadLetters));
  }
  MILLRACE_RETURN_IF_ERROR(dead_letters_->Append(buffered_));
  buffered_.clear();
  return absl::OkStatus();
}

absl::Status ScanOutputs::Finish() {
  for (Log& log : logs_) {
    if (log.writer == nullptr) continue;
    MILLRACE_RETURN_IF_ERROR(log.writer->Finish());
    MILLRACE_RETURN_IF_ERROR(Publish(*log.file));
  }
  MILLRACE_RETURN_IF_ERROR(FlushDeadLetters());
  return Publish(*dead_letters_);
}

absl::Status ScanOutputs::Write(absl::string_view name, absl::string_view bytes) {
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<PreparedWriter> file, Create(name));
  MILLRACE_RETURN_IF_ERROR(file->Append(bytes));
  return Publish(*file);
}

int64_t ScanOutputs::rows(int split) const {
  const Log& log = logs_[static_cast<size_t>(split)];
  return log.writer == nullptr ? 0 : log.writer->rows();
}

}  // namespace millrace
