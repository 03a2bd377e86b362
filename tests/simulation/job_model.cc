#include "tests/simulation/job_model.h"

#include <functional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace millrace::simulation {
namespace {

constexpr int kStrictBadRows = 3;  // of a job that allows one

Row MakeRow(const Swarm& swarm, Random& random) {
  Row row;
  row.split = static_cast<Split>(random.Chance(0.7) ? 0 : random.Between(1, 2));
  row.discarded = random.Chance(0.05);
  row.unusable = !row.discarded && random.Chance(swarm.bad_row / 4);
  row.bad = random.Chance(swarm.bad_row);
  return row;
}

int64_t CountBad(const JobModel& job) {
  int64_t bad = 0;
  for (const Row& row : job.rows) bad += !row.discarded && (row.unusable || row.bad);
  return bad;
}

void ForOrdinals(const JobModel& job, const WriteWork& work, const std::function<void(int64_t, int)>& visit) {
  const std::vector<int> rows = job.RowsOf(work.split());
  for (int64_t i = work.begin(); i < work.end(); ++i) visit(i - work.begin(), rows.at(static_cast<size_t>(i)));
}

}  // namespace

std::vector<int> JobModel::RowsOf(Split split) const {
  std::vector<int> numbers;
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i].split == split && !rows[i].discarded && !rows[i].unusable) numbers.push_back(static_cast<int>(i));
  return numbers;
}

ScanResult JobModel::Scan(const std::string& scan_dir) const {
  ScanResult scan;
  scan.set_scan_dir(scan_dir);
  scan.set_encoding_version("v1");
  for (Split split : {SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST}) {
    SplitPlan& plan = *scan.add_splits();
    plan.set_split(split);
    plan.set_rows(static_cast<int64_t>(RowsOf(split).size()));
  }
  RowCounts& counts = *scan.mutable_counts();
  counts.set_rows(static_cast<int64_t>(rows.size()));
  for (const Row& row : rows) {
    counts.set_discarded(counts.discarded() + row.discarded);
    counts.set_dead_letters(counts.dead_letters() + row.unusable);
  }
  return scan;
}

JobModel MakeJob(int number, const Swarm& swarm, Random& random) {
  JobModel job;
  job.id = absl::StrCat("job", number);
  ConvertSpec& spec = *job.spec.mutable_convert();
  spec.add_inputs("/in/images.csv");
  spec.set_output(absl::StrCat("/out", number));
  spec.set_num_shards(random.Between(1, 4));
  const int64_t rows = random.Between(swarm.rows / 2, swarm.rows);
  for (int64_t i = 0; i < rows; ++i) job.rows.push_back(MakeRow(swarm, random));
  if (swarm.strict && number == swarm.jobs) {
    for (int i = 0; i < kStrictBadRows; ++i) job.rows.push_back({.bad = true});
    spec.set_max_bad_rows(1);
    job.must_fail = true;
  } else {
    spec.set_max_bad_rows(CountBad(job));
  }
  return job;
}

std::string ShardPath(const JobModel& job, const WriteWork& work) {
  return absl::StrCat(job.output(), "/shard-", work.split(), "-", work.shard(), "-of-", work.num_shards());
}

std::string ShardBytes(const JobModel& job, const WriteWork& work, const std::string& outcomes) {
  std::string bytes = absl::StrCat("shard ", job.id, " ", work.split(), " ", work.shard(), "\n");
  ForOrdinals(job, work, [&](int64_t i, int row) {
    if (outcomes[static_cast<size_t>(i)] == kWritten) absl::StrAppend(&bytes, "row ", row, "\n");
  });
  return bytes;
}

std::string DeadLetterBytes(const JobModel& job, const WriteWork& work, const std::string& outcomes) {
  std::string bytes;
  ForOrdinals(job, work, [&](int64_t i, int row) {
    if (outcomes[static_cast<size_t>(i)] != kWritten) absl::StrAppend(&bytes, "dead ", row, "\n");
  });
  return bytes;
}

std::vector<int> NumbersAfter(const std::string& word, const std::string& bytes) {
  std::vector<int> numbers;
  const std::string beginning = word + " ";
  for (absl::string_view line : absl::StrSplit(bytes, '\n')) {
    int number = 0;
    if (absl::ConsumePrefix(&line, beginning) && absl::SimpleAtoi(line, &number)) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace millrace::simulation
