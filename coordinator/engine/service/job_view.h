// What people and workers are shown of a job: the durable state with the live one laid over it. Pure. Private to this
// folder.
#pragma once

#include "coordinator/engine/service/engine.h"
#include "coordinator/engine/state/scheduler.h"

namespace millrace {

// Without waiting_for.
JobStatus StatusOf(const JobRecord& job, const LiveState& live, uint64_t incarnation, Moment moment);
uint64_t VersionOf(const LiveJob* job, uint64_t incarnation);
GetJobLogReply LogOf(const JobRecord& job, int64_t after);
WorkerStatus StatusOf(const LiveWorker& worker, const LiveState& live, const EngineOptions& options, Moment moment);
// What the attempt's worker is asked to do.
Assignment AssignmentOf(const JobRecord& job, const Attempt& attempt);

}  // namespace millrace
