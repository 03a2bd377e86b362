// The truth about a simulated job: its rows, and what bytes must come of them. Fake workers and the checker both use
// it, the engine never sees it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "proto/job.pb.h"
#include "proto/task.pb.h"
#include "tests/simulation/random.h"
#include "tests/simulation/swarm.h"

namespace millrace::simulation {

struct Row {
  Split split = SPLIT_TRAIN;
  bool discarded = false;  // by its split cell
  bool unusable = false;   // scan finds it
  bool bad = false;        // its image is broken, for ever
  bool operator==(const Row&) const = default;
};

struct JobModel {
  std::string id;
  JobSpec spec;
  std::vector<Row> rows;
  bool must_fail = false;  // more bad rows than allowed

  const std::string& output() const { return spec.convert().output(); }
  // Numbers of the rows that scan leaves in a split, in order.
  std::vector<int> RowsOf(Split split) const;
  ScanResult Scan(const std::string& scan_dir) const;
};

JobModel MakeJob(int number, const Swarm& swarm, Random& random);

// One letter an ordinal of the shard: written, dead for good, environmental.
inline constexpr char kWritten = 'w', kDead = 'd', kEnvironmental = 'e';

// The shard's bytes: a function of work and outcomes, nothing else. Each written row is a line "row 17".
std::string ShardBytes(const JobModel& job, const WriteWork& work, const std::string& outcomes);
std::string DeadLetterBytes(const JobModel& job, const WriteWork& work, const std::string& outcomes);
std::string ShardPath(const JobModel& job, const WriteWork& work);
// The numbers behind `word` at the beginning of lines.
std::vector<int> NumbersAfter(const std::string& word, const std::string& bytes);

}  // namespace millrace::simulation
