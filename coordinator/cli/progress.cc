#include "coordinator/cli/progress.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

constexpr absl::Duration kRateWindow = absl::Seconds(5);
constexpr absl::Duration kFirstLine = absl::Seconds(1);
constexpr absl::Duration kLinePeriod = absl::Seconds(5);
constexpr absl::Duration kJsonPeriod = absl::Seconds(1);

// In the write stage a row is done when its fate is known.
int64_t RowsDone(const JobStatus& job) {
  const RowCounts& counts = job.counts();
  return job.rows_total() > 0 ? counts.written() + counts.discarded() + counts.dead_letters() : counts.rows();
}

}  // namespace

void RateMeter::Add(absl::Time now, int64_t rows, int64_t bytes) {
  // Counts go back when an attempt is lost or the stage changes what is counted: start over.
  if (!samples_.empty() && (rows < samples_.back().rows || bytes < samples_.back().bytes)) samples_.clear();
  samples_.push_back({now, rows, bytes});
  while (samples_.size() > 2 && now - samples_[1].time >= kRateWindow) samples_.pop_front();
}

double RateMeter::PerSecond(int64_t Sample::*member) const {
  if (samples_.size() < 2) return 0;
  const double seconds = absl::ToDoubleSeconds(samples_.back().time - samples_.front().time);
  return seconds > 0 ? static_cast<double>(samples_.back().*member - samples_.front().*member) / seconds : 0;
}

double RateMeter::rows_per_second() const { return PerSecond(&Sample::rows); }
double RateMeter::bytes_per_second() const { return PerSecond(&Sample::bytes); }

std::string StageName(Stage stage) {
  switch (stage) {
    case STAGE_SCAN:
      return "scan";
    case STAGE_WRITE:
      return "write";
    case STAGE_PUBLISH:
      return "publish";
    case STAGE_CLEANUP:
      return "cleanup";
    default:
      return "done";
  }
}

std::string StateName(JobState state) {
  switch (state) {
    case JOB_RUNNING:
      return "RUNNING";
    case JOB_SUCCEEDED:
      return "SUCCEEDED";
    case JOB_FAILED:
      return "FAILED";
    case JOB_CANCELLED:
      return "CANCELLED";
    default:
      return "UNKNOWN";
  }
}

bool HasEnded(const JobStatus& job) { return job.state() != JOB_RUNNING; }

ProgressView ViewOf(const JobStatus& job, const RateMeter& rate) {
  ProgressView view;
  view.job_id = job.job_id();
  view.stage = StageName(job.stage());
  view.rows = RowsDone(job);
  view.rows_total = job.rows_total();
  view.discarded = job.counts().discarded();
  view.dead_letters = job.counts().dead_letters();
  view.shards_done = job.shards_done();
  view.shards_total = job.shards_total();
  view.rows_per_second = rate.rows_per_second();
  view.bytes_per_second = rate.bytes_per_second();
  const int64_t left = view.rows_total - view.rows;
  if (job.stage() == STAGE_WRITE && left >= 0 && view.rows_per_second > 0)
    view.remaining = absl::Seconds(static_cast<double>(left) / view.rows_per_second);
  view.elapsed = absl::Milliseconds(job.elapsed_ms());
  // In the first moments workers are still on their way.
  if (job.waiting_for_size() > 0 && view.elapsed >= absl::Seconds(1)) view.waiting_for = Printable(job.waiting_for(0));
  return view;
}

absl::StatusOr<ProgressMode> ParseProgressMode(absl::string_view word, bool err_is_terminal) {
  if (word == "auto") return err_is_terminal ? ProgressMode::kBar : ProgressMode::kLines;
  if (word == "plain") return ProgressMode::kLines;
  if (word == "json") return ProgressMode::kJson;
  if (word == "none") return ProgressMode::kNone;
  return absl::InvalidArgumentError(absl::StrCat("--progress: ", Printable(word), " is not auto, plain, json or none"));
}

Progress::Progress(ProgressMode mode, const CliEnvironment& environment)
    : mode_(mode), environment_(environment), started_(environment.now()) {
  next_ = started_ + (mode == ProgressMode::kLines ? kFirstLine : absl::ZeroDuration());
}

bool Progress::Due(absl::Time now) {
  if (mode_ == ProgressMode::kNone || now < next_) return false;
  const absl::Duration period = mode_ == ProgressMode::kLines  ? kLinePeriod
                                : mode_ == ProgressMode::kJson ? kJsonPeriod
                                                               : absl::ZeroDuration();
  next_ = now + period;
  return true;
}

void Progress::Show(const JobStatus& job) {
  const absl::Time now = environment_.now();
  rate_.Add(now, RowsDone(job), job.bytes_read());
  last_ = ViewOf(job, rate_);
  any_ = true;
  if (HasEnded(job) || !Due(now)) return;
  std::ostream& err = *environment_.err;
  if (mode_ == ProgressMode::kBar) {
    err << "\r" << ProgressBar(last_, environment_.width()) << "\x1b[K" << std::flush;
    bar_shown_ = true;
  } else {
    err << (mode_ == ProgressMode::kJson ? ProgressJson(last_) : ProgressLine(last_)) << std::endl;
  }
}

absl::Duration Progress::Patience() const {
  return mode_ == ProgressMode::kNone ? absl::Milliseconds(500) : absl::Milliseconds(250);
}

void Progress::Say(absl::string_view line) {
  if (bar_shown_) *environment_.err << "\r\x1b[K";
  bar_shown_ = false;
  *environment_.err << line << std::endl;
}

void Progress::End() {
  if (bar_shown_) *environment_.err << "\r\x1b[K" << std::flush;
  bar_shown_ = false;
  if (mode_ == ProgressMode::kJson && any_) *environment_.err << ProgressJson(last_) << std::endl;
}

}  // namespace millrace::cli
