// `millrace doctor`: does this machine have what Millrace needs? Each check is one function that returns one finding.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/which_coordinator.h"

namespace millrace::cli {

enum class Health { kOk, kWarn, kFail };

struct Finding {
  Health health = Health::kOk;
  std::string check;   // "free space"
  std::string found;   // "12.3 GB of 100 GB free in /home/…"
  std::string advice;  // what to do; empty when all is well
};

// All checks, in the order in which they are shown.
std::vector<Finding> Examine(const CoordinatorFlags& flags, const CliEnvironment& environment);

// "ok    free space  …", with "        try: …" below what is not well.
std::string FindingsText(const std::vector<Finding>& findings);
std::string FindingsJson(const std::vector<Finding>& findings);
Health Worst(const std::vector<Finding>& findings);

// Judgements apart from the measuring, for tests.
Finding JudgeSpace(int64_t free_bytes, int64_t total_bytes, absl::string_view folder);
Finding JudgeDescriptors(uint64_t soft_limit);

}  // namespace millrace::cli
