#include "coordinator/cli/doctor.h"

#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/daemon.h"
#include "common/base/version.h"
#include "common/storage/disk_space.h"
#include "coordinator/cli/state_folder.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

Finding Ok(std::string check, std::string found) { return {Health::kOk, std::move(check), std::move(found), ""}; }

Finding Programs(const CliEnvironment& environment) {
  for (const char* name : {"millrace-coordinator", "millrace-worker"}) {
    const std::string path = absl::StrCat(environment.program_folder, "/", name);
    if (access(path.c_str(), X_OK) != 0)
      return {Health::kWarn, "programs", absl::StrCat("millrace ", std::string(kVersion), "; ", path, " is missing"),
              "install the whole package if you want `millrace up`; `millrace convert` works without"};
  }
  return Ok("programs",
            absl::StrCat("millrace ", std::string(kVersion), " and its daemons in ", environment.program_folder));
}

Finding StateWritable(const std::string& state) {
  absl::Status status = MakeFolder(state);
  const std::string probe = absl::StrCat(state, "/doctor.", RandomHex(4));
  if (status.ok()) status = WriteFileAtomically(probe, "probe", 0600);
  unlink(probe.c_str());
  if (status.ok()) return Ok("state folder", absl::StrCat(state, " can be written"));
  return {Health::kFail, "state folder", std::string(status.message()),
          "set $MILLRACE_STATE_DIR to a folder of yours on a local disk"};
}

Finding StateLocal(const std::string& state, const CliEnvironment& environment) {
  constexpr char kAdvice[] = "set $MILLRACE_STATE_DIR to a folder on a local disk";
  if (!environment.judge_state_folder) return Ok("file system", "not checked");
  const auto doubts = environment.judge_state_folder(state);
  if (!doubts.ok()) return {Health::kFail, "file system", std::string(doubts.status().message()), kAdvice};
  if (!doubts->empty()) return {Health::kWarn, "file system", *doubts, kAdvice};
  return Ok("file system", "good for a journal");
}

Finding Space(const std::string& state) {
  const auto space = DiskSpace(state);
  if (!space.ok()) return {Health::kWarn, "free space", std::string(space.status().message()), ""};
  return JudgeSpace(space->free_bytes, space->total_bytes, state);
}

Finding Descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {Health::kWarn, "open files", "the limit cannot be read", ""};
  return JudgeDescriptors(limit.rlim_cur);
}

std::string OtherVersions(const ListWorkersReply& workers) {
  std::string others;
  for (const WorkerStatus& worker : workers.workers())
    if (worker.version() != kVersion)
      absl::StrAppend(&others, others.empty() ? "" : ", ", Printable(worker.name()), " ", Printable(worker.version()));
  return others;
}

Finding Coordinator(const CoordinatorFlags& flags, const CliEnvironment& environment) {
  const Choice choice = ChooseCoordinator(flags, environment);
  if (choice.embedded())
    return Ok("coordinator", "none is set or running: `millrace convert` runs inside its own process");
  const std::string name = absl::StrCat(Printable(choice.address), " (", choice.why, ")");
  auto client = environment.connect(choice.address);
  const auto workers = client.ok() ? (*client)->ListWorkers({}) : client.status();
  if (!workers.ok())
    return {Health::kFail, "coordinator", absl::StrCat(name, ": ", workers.status().message()),
            "start it, or correct the address; `millrace convert --local` works without"};
  if (workers->workers().empty())
    return {Health::kWarn, "coordinator", absl::StrCat(name, " has no workers"),
            absl::StrCat("millrace-worker --coordinator ", Printable(choice.address), " --name w1")};
  const std::string others = OtherVersions(*workers);
  if (!others.empty())
    return {Health::kWarn, "coordinator", absl::StrCat(name, " has workers of another version: ", others),
            absl::StrCat("install ", std::string(kVersion),
                         " on every machine; a worker whose codecs differ gets no work")};
  return Ok("coordinator", absl::StrCat(name, " with ", Count(workers->workers_size(), "worker")));
}

Finding Processor() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2"))
    return {Health::kWarn, "processor", "no AVX2",
            "it works, at about half the speed: use a processor made after 2015"};
  return Ok("processor", __builtin_cpu_supports("avx512bw") ? "AVX-512" : "AVX2");
#else
  return Ok("processor", "not x86: the portable code is used");
#endif
}

Finding Clock(const CliEnvironment& environment) {
  const absl::CivilYear year(absl::ToCivilYear(environment.now(), absl::UTCTimeZone()));
  if (year < absl::CivilYear(2024))
    return {Health::kFail, "clock", absl::StrCat("it is ", year.year(), " here"),
            "set the clock (timedatectl set-ntp true)"};
  timex state{};
  if (adjtimex(&state) == TIME_ERROR)
    return {Health::kWarn, "clock", "not synchronised with a time server",
            "timedatectl set-ntp true (leases do not depend on it; times in logs do)"};
  return Ok("clock", "synchronised");
}

}  // namespace

Finding JudgeSpace(int64_t free_bytes, int64_t total_bytes, absl::string_view folder) {
  Finding finding = Ok("free space", absl::StrCat(FormatByteSize(free_bytes), " of ", FormatByteSize(total_bytes),
                                                  " free for ", Printable(folder)));
  const double fraction = total_bytes > 0 ? static_cast<double>(free_bytes) / static_cast<double>(total_bytes) : 0;
  if (fraction < 0.01)
    finding.health = Health::kFail;
  else if (fraction < 0.05)
    finding.health = Health::kWarn;
  if (finding.health != Health::kOk)
    finding.advice = "make room: below 5 % free a worker takes no new work, below 1 % the coordinator takes no jobs";
  return finding;
}

Finding JudgeDescriptors(uint64_t soft_limit) {
  Finding finding = Ok("open files", absl::StrCat("limit ", soft_limit));
  if (soft_limit < 1024)
    finding = {soft_limit < 256 ? Health::kFail : Health::kWarn, "open files", finding.found, "ulimit -n 4096"};
  return finding;
}

std::vector<Finding> Examine(const CoordinatorFlags& flags, const CliEnvironment& environment) {
  std::vector<Finding> findings = {Programs(environment)};
  const auto state = StateFolder(environment);
  if (state.ok()) {
    findings.push_back(StateWritable(*state));
    if (findings.back().health == Health::kOk) findings.push_back(StateLocal(*state, environment));
    findings.push_back(Space(*state));
  } else {
    findings.push_back({Health::kFail, "state folder", std::string(state.status().message()), ""});
  }
  for (Finding& finding :
       std::vector<Finding>{Descriptors(), Coordinator(flags, environment), Processor(), Clock(environment)})
    findings.push_back(std::move(finding));
  return findings;
}

}  // namespace millrace::cli
