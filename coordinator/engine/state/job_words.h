// How jobs and tasks are called in messages for people, and the log lines of journal rows. What users wrote is escaped.
#pragma once

#include <string>

#include "coordinator/engine/state/durable_state.h"
#include "proto/job.pb.h"
#include "proto/task.pb.h"

namespace millrace {

// "TRAIN shard 3 of 64", counted from 0 as in the file's name.
std::string ShardName(const WriteWork& work);
// "scan", "publish", "cleanup", or the shard's name.
std::string TaskName(const JobRecord& job, TaskSlot slot);
// "images.csv:1042 cat.jpg: decode/truncated (8,192 of 20,514 bytes)".
std::string BadRowWords(const BadRow& row);
// "1,234 of 10,000 rows could not be used, more than the limit of …: <first rows>".
std::string TooManyBadRowsWords(const JobRecord& job);

// Log lines.
std::string SubmittedWords(const JobRecord& job);
std::string PlannedWords(const JobRecord& job);
std::string FailedWords(const JobRecord& job, TaskSlot slot, const TaskFailed& row);
std::string WonWords(const JobRecord& job, const ShardWon& row);
std::string FinishedWords(const JobRecord& job);

}  // namespace millrace
