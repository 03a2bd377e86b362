#include "coordinator/engine/state/job_words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"

namespace millrace {
namespace {

constexpr int kShownBadRows = 3;

// "1 shard", "2 shards".
std::string Count(int64_t number, absl::string_view noun) {
  return absl::StrCat(WithThousands(number), " ", noun, number == 1 ? "" : "s");
}

std::string LimitWords(const ConvertSpec& spec) {
  const bool defaults = !spec.has_max_bad_rows() && !spec.has_max_bad_fraction();
  std::string words;
  if (defaults || spec.has_max_bad_rows()) words = Count(defaults ? 10 : spec.max_bad_rows(), "row");
  if (defaults || spec.has_max_bad_fraction())
    absl::StrAppendFormat(&words, "%s%g %%", words.empty() ? "" : " and ",
                          defaults ? 10.0 : 100 * spec.max_bad_fraction());
  return words;
}

std::string WordOf(Split split) {
  switch (split) {
    case SPLIT_TRAIN:
      return "TRAIN";
    case SPLIT_VALIDATION:
      return "VALIDATION";
    case SPLIT_TEST:
      return "TEST";
    default:
      return "split";
  }
}

}  // namespace

std::string ShardName(const WriteWork& work) {
  return absl::StrCat(WordOf(work.split()), " shard ", work.shard(), " of ", work.num_shards());
}

std::string TaskName(const JobRecord& job, TaskSlot slot) {
  if (slot >= 0 && slot < static_cast<TaskSlot>(job.plan.size())) return ShardName(job.plan[static_cast<size_t>(slot)]);
  switch (job.KeyOfTask(slot).kind()) {
    case TASK_SCAN:
      return "scan";
    case TASK_PUBLISH:
      return "publish";
    case TASK_CLEANUP:
      return "cleanup";
    default:
      return absl::StrCat("shard task ", slot);
  }
}

std::string BadRowWords(const BadRow& row) {
  std::string words =
      absl::StrCat(JsonEscape(row.input()), ":", row.line(), ": ", JsonEscape(row.uri()), ": ", row.reason());
  if (!row.detail().empty()) absl::StrAppend(&words, " (", JsonEscape(row.detail()), ")");
  return words;
}

std::string TooManyBadRowsWords(const JobRecord& job) {
  std::string words =
      absl::StrCat(WithThousands(job.status.counts().dead_letters()), " of ", Count(job.status.rows_total(), "row"),
                   " could not be used, more than the limit of ", LimitWords(job.spec()));
  int shown = 0;
  for (const BadRow& row : job.status.first_bad_rows()) {
    if (shown++ == kShownBadRows) break;
    absl::StrAppend(&words, shown == 1 ? ": " : "; ", BadRowWords(row));
  }
  return words;
}

std::string SubmittedWords(const JobRecord& job) {
  return absl::StrCat("submitted: convert ", Count(job.spec().inputs_size(), "input"), " to ",
                      JsonEscape(job.spec().output()));
}

std::string PlannedWords(const JobRecord& job) {
  std::string words = absl::StrCat("scanned ", Count(job.scan->counts().rows(), "row"), ":");
  for (const SplitPlan& split : job.scan->splits())
    absl::StrAppend(&words, " ", WithThousands(split.rows()), " ", WordOf(split.split()), ",");
  return absl::StrCat(words, " ", WithThousands(job.scan->counts().discarded()), " discarded, ",
                      Count(job.scan->counts().dead_letters(), "dead letter"), "; ",
                      Count(static_cast<int64_t>(job.plan.size()), "shard"), " to write");
}

std::string FailedWords(const JobRecord& job, TaskSlot slot, const TaskFailed& row) {
  const TaskRecord* task = job.Task(slot);
  return absl::StrCat(TaskName(job, slot), " failed on ", row.worker(), " (failure ",
                      task == nullptr ? 1 : task->failures, "): ", row.failure().message());
}

std::string WonWords(const JobRecord& job, const ShardWon& row) {
  const RowCounts& counts = row.result().counts();
  std::string words = absl::StrCat(TaskName(job, row.task().index()), " written by ", row.worker(), ": ",
                                   Count(counts.written(), "row"), ", ", FormatByteSize(row.result().shard().size()));
  if (counts.dead_letters() > 0) absl::StrAppend(&words, ", ", Count(counts.dead_letters(), "dead letter"));
  return words;
}

std::string FinishedWords(const JobRecord& job) {
  switch (job.state()) {
    case JOB_SUCCEEDED:
      return absl::StrCat("succeeded: ", Count(job.status.counts().written(), "row"), " in ",
                          Count(job.status.shards_total(), "shard"), ", ", FormatByteSize(job.status.bytes_written()));
    case JOB_CANCELLED:
      return "cancelled: nothing was published, staged files and the claim are removed";
    default:
      return absl::StrCat("failed: ", job.status.error());
  }
}

}  // namespace millrace
