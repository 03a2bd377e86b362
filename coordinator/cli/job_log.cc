#include "coordinator/cli/job_log.h"

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

constexpr int64_t kWaitMs = 500;

std::string TimeText(int64_t unix_ms, const absl::TimeZone& zone) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(unix_ms), zone);
}

void Print(const LogLine& line, bool json, std::ostream& out) {
  const std::string time = TimeText(line.unix_ms(), absl::UTCTimeZone());
  if (json) {
    out << R"({"time":")" << time << R"(","level":")" << JsonEscape(line.level()) << R"(","text":")"
        << JsonEscape(line.text()) << "\"}\n";
  } else {
    out << time << " " << Printable(line.level()) << " " << Printable(line.text()) << "\n";
  }
}

}  // namespace

absl::Status PrintJobLog(CoordinatorClient& client, const std::string& job_id, bool follow, bool json,
                         const CliEnvironment& environment) {
  GetJobLogRequest request;
  request.set_job_id(job_id);
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const GetJobLogReply reply, client.GetJobLog(request));
    for (const LogLine& line : reply.lines()) Print(line, json, *environment.out);
    environment.out->flush();
    // Without `follow`: what there is, which may come in several pieces.
    if (reply.ended() || (!follow && reply.lines().empty())) return absl::OkStatus();
    if (environment.interrupts() > 0) return absl::CancelledError("interrupted");
    request.set_after(reply.next());
    request.set_wait_ms(follow ? kWaitMs : 0);
  }
}

}  // namespace millrace::cli
