// What `millrace datasets` prints. Pure functions; `folder` is the dataset's folder, or the current one, as shown to
// people.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "common/dataset/inspect.h"
#include "common/dataset/statistics.h"
#include "common/dataset/verify.h"

namespace millrace::cli {

std::string InspectText(const InspectResult& result, absl::string_view folder);
std::string InspectJson(const InspectResult& result);

std::string VerifyText(const VerifyReport& report, absl::string_view folder);
std::string VerifyJson(const VerifyReport& report, absl::string_view folder);
// "error: DIR/train-00000-of-00001.tfrecord.gz: record 12 at offset 3,456: …" / "  try: …", one a problem.
std::string ProblemLines(const VerifyReport& report, absl::string_view folder);

std::string StatsText(const DatasetStatistics& statistics);

}  // namespace millrace::cli
