#include "coordinator/engine/service/spec_check.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

constexpr int64_t kMostShards = 1'000'000;  // a split; a plan of more would not fit one journal row

absl::Status CheckPath(absl::string_view noun, absl::string_view path) {
  if (path.empty()) return absl::InvalidArgumentError(absl::StrCat("the ", noun, " is empty"));
  const std::string shown = JsonEscape(path);
  if (absl::StrContains(path, absl::string_view("\0", 1)))
    return absl::InvalidArgumentError(absl::StrCat("the ", noun, " '", shown, "' contains a NUL byte"));
  if (path[0] != '/')
    return absl::InvalidArgumentError(absl::StrCat("the ", noun, " '", shown, "' is not an absolute path"));
  return absl::OkStatus();
}

absl::Status CheckNotNegative(absl::string_view noun, int64_t value) {
  if (value >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(noun, " is ", value, "; it must not be negative"));
}

absl::Status CheckPaths(const ConvertSpec& spec) {
  if (spec.inputs().empty()) return absl::InvalidArgumentError("no input: name at least one CSV file");
  for (const std::string& input : spec.inputs())
    MILLRACE_RETURN_IF_ERROR(
        CheckPath("input", absl::StartsWith(input, "file://") ? absl::string_view(input).substr(7) : input));
  MILLRACE_RETURN_IF_ERROR(CheckPath("output folder", spec.output()));
  if (spec.output().find_first_not_of('/') == std::string::npos)
    return absl::InvalidArgumentError("the output folder is '/'; name a folder of its own");
  if (!spec.uri_base().empty() && !absl::StrContains(spec.uri_base(), "://"))
    return CheckPath("folder of relative URIs", spec.uri_base());
  return absl::OkStatus();
}

absl::Status CheckNumbers(const ConvertSpec& spec) {
  MILLRACE_RETURN_IF_ERROR(CheckNotNegative("num_shards", spec.num_shards()));
  MILLRACE_RETURN_IF_ERROR(CheckNotNegative("shard_size_bytes", spec.shard_size_bytes()));
  MILLRACE_RETURN_IF_ERROR(CheckNotNegative("max_pixels", spec.max_pixels()));
  MILLRACE_RETURN_IF_ERROR(CheckNotNegative("max_image_memory_bytes", spec.max_image_memory_bytes()));
  if (spec.has_rows_from())
    MILLRACE_RETURN_IF_ERROR(CheckPath("dataset of --rows-from-job", spec.rows_from().dataset()));
  MILLRACE_RETURN_IF_ERROR(CheckNotNegative("max_bad_rows", spec.max_bad_rows()));
  if (spec.num_shards() > kMostShards)
    return absl::InvalidArgumentError(
        absl::StrCat("num_shards is ", spec.num_shards(), "; at most ", kMostShards, " are possible"));
  const double fraction = spec.max_bad_fraction();
  if (!(fraction >= 0 && fraction <= 1))
    return absl::InvalidArgumentError(absl::StrCat("max_bad_fraction is ", fraction, "; it must lie in 0 to 1"));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckJobId(absl::string_view id) {
  const auto allowed = [](char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; };
  if (!id.empty() && id.size() <= 64 && id[0] != '.' && std::all_of(id.begin(), id.end(), allowed))
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "'", JsonEscape(id), "' is not a job id: 1 to 64 of a-z A-Z 0-9 . _ - and not beginning with a dot"));
}

absl::Status CheckSpec(const JobSpec& spec) {
  if (!spec.has_convert()) return absl::InvalidArgumentError("the job has no step: only convert is known");
  MILLRACE_RETURN_IF_ERROR(CheckPaths(spec.convert()));
  return CheckNumbers(spec.convert());
}

}  // namespace millrace
