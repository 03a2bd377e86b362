// How far a job is, as a bar on a terminal, as a line, as JSON. Pure but for Progress, which decides when to show what.
// One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/cli/cli.h"
#include "proto/job.pb.h"

namespace millrace::cli {

// Rows and bytes a second over the last few seconds. The first sample is the base, so that work done before this
// command was attached (a resumed job) does not count as speed.
class RateMeter {
 public:
  void Add(absl::Time now, int64_t rows, int64_t bytes);
  double rows_per_second() const;
  double bytes_per_second() const;

 private:
  struct Sample {
    absl::Time time;
    int64_t rows;
    int64_t bytes;
  };
  double PerSecond(int64_t Sample::*member) const;
  std::deque<Sample> samples_;
};

struct ProgressView {
  std::string job_id;
  std::string stage;       // "scan", "write", "publish", "cleanup", "done"
  int64_t rows = 0;        // finished: written + discarded + dead letters; while scanning: seen
  int64_t rows_total = 0;  // 0: not known yet
  int64_t discarded = 0;
  int64_t dead_letters = 0;
  int32_t shards_done = 0;
  int32_t shards_total = 0;
  double rows_per_second = 0;
  double bytes_per_second = 0;  // read
  std::optional<absl::Duration> remaining;
  absl::Duration elapsed;
  std::string waiting_for;  // why nothing runs right now, or empty
};

std::string StageName(Stage stage);
// "RUNNING", "SUCCEEDED", …
std::string StateName(JobState state);
bool HasEnded(const JobStatus& job);

ProgressView ViewOf(const JobStatus& job, const RateMeter& rate);
// One line of at most `width` columns; what matters least is left out first.
std::string ProgressBar(const ProgressView& view, int width);
std::string ProgressLine(const ProgressView& view);
std::string ProgressJson(const ProgressView& view);

enum class ProgressMode { kBar, kLines, kJson, kNone };
// auto: a bar on a terminal, else lines. INVALID_ARGUMENT for another word.
absl::StatusOr<ProgressMode> ParseProgressMode(absl::string_view word, bool err_is_terminal);

// Shows a job's way on env.err: the bar whenever told, a line after 1 s and then every 5 s, JSON every second.
class Progress {
 public:
  Progress(ProgressMode mode, const CliEnvironment& environment);
  void Show(const JobStatus& job);
  // How long the next question to the coordinator may wait, so that the display stays alive.
  absl::Duration Patience() const;
  // A whole line on err, not mixed up with the bar.
  void Say(absl::string_view line);
  // Takes the bar away, so that other text can follow. JSON ends with the job's last numbers.
  void End();

 private:
  bool Due(absl::Time now);

  const ProgressMode mode_;
  const CliEnvironment& environment_;
  const absl::Time started_;
  absl::Time next_;
  RateMeter rate_;
  ProgressView last_;
  bool bar_shown_ = false;
  bool any_ = false;
};

}  // namespace millrace::cli
