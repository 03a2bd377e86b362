// From what scan counted to the list of shards. Pure: the same specification and scan give the same plan for ever.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/job.pb.h"
#include "proto/task.pb.h"

namespace millrace {

// Shards of one split: `num_shards` of the specification if given; else ceil(rows x bytes a row / shard size), bytes a
// row from the sample (350 kB if no sampled row was readable). Never more than rows; 0 only if there is no row.
int64_t NumShards(const ConvertSpec& spec, const SplitPlan& split);

// All write tasks, splits in the order of `scan`, shard i of S with the ordinals [i*rows/S, (i+1)*rows/S).
std::vector<WriteWork> Plan(const ConvertSpec& spec, const ScanResult& scan);

// The limit of dead letters in a job whose input has `rows` rows, both in rows: it is exceeded when more than both.
// max_bad_rows (10) and max_bad_fraction (0.10); if only one was given by the user, only that one counts.
bool TooManyBadRows(const ConvertSpec& spec, int64_t dead_letters, int64_t rows);

}  // namespace millrace
