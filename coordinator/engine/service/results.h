// Results: what the end of an attempt means. Whether its result counts, what a failure or a loss costs, who is to
// blame. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "coordinator/engine/service/engine_context.h"
#include "coordinator/engine/service/job_flow.h"

namespace millrace {

class Results {
 public:
  using Verdict = SyncReply::Drop::Verdict;

  Results(EngineContext* context, JobFlow* flow) : context_(*context), flow_(*flow) {}

  // The result of an attempt in the live set, which it leaves.
  Verdict Take(EpochKey epoch, const TaskResult& result);
  // A report of an attempt outside the live set that cannot be adopted.
  Verdict Late(const AttemptReport& report);
  // Whether this attempt's end is durable already: its result won, or its failure was counted.
  bool AlreadyWon(const AttemptReport& report) const;
  bool AlreadyFailed(const AttemptReport& report) const;

  // Why an attempt ended without a result.
  enum class Loss {
    kAssignment,  // the worker never got it, or gave it up: not counted
    kExpired,     // silent past the lease
    kProcess,     // the worker's process is another now
  };
  void Lose(EpochKey epoch, Loss loss);

 private:
  Verdict TakeWrite(const Attempt& attempt, const WriteResult& result);
  Verdict TakeFailure(const Attempt& attempt, const TaskFailure& failure);
  Verdict TakeCleanup(const Attempt& attempt, const CleanupResult& result);
  void NobodyToAsk(const Attempt& attempt, const std::vector<std::string>& missing);
  Verdict Reject(const Attempt& attempt, std::string message);
  Verdict WrongMachine(const Attempt& attempt, const TaskFailure& failure);
  void CountFailure(const Attempt& attempt, const TaskFailure& failure, double delay_factor = 1);
  void Win(const Attempt& attempt, const WriteResult& result, bool suspicious);
  void Blame(const Attempt& attempt);
  bool Suspicious(const WriteResult& result) const;
  bool NeedsSecondOpinion(const Attempt& attempt) const;
  void Reopen(const Attempt& attempt, absl::Duration delay = absl::ZeroDuration());
  bool TakeUnfenced(const AttemptReport& report);
  void CompareWithWinner(const AttemptReport& report);

  EngineContext& context_;
  JobFlow& flow_;
};

}  // namespace millrace
