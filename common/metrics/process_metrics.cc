#include "common/metrics/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace millrace {
namespace {

std::string ReadAll(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Fields of /proc/self/stat from the third (state) on: the second, the program's name, may hold spaces and brackets.
std::vector<std::string> StatFields() {
  const std::string stat = ReadAll("/proc/self/stat");
  const size_t end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos) return {};
  return absl::StrSplit(stat.substr(end_of_name + 1), ' ', absl::SkipEmpty());
}

double Number(absl::string_view text) {
  double number = 0;
  return absl::SimpleAtod(text, &number) ? number : 0;
}

// Seconds since 1970 at which the machine was started.
double BootTime() {
  for (const absl::string_view line : absl::StrSplit(ReadAll("/proc/stat"), '\n'))
    if (absl::StartsWith(line, "btime ")) return Number(line.substr(6));
  return 0;
}

int CountOpenFiles() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int count = -3;  // ".", ".." and the folder itself
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

double MaxOpenFiles() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::vector<MetricFamily> ProcessFamilies() {
  return {
      {MetricType::kCounter, "process_cpu_seconds_total", "User and system CPU time of this process."},
      {MetricType::kGauge, "process_open_fds", "Open file descriptors."},
      {MetricType::kGauge, "process_max_fds", "How many file descriptors may be open."},
      {MetricType::kGauge, "process_virtual_memory_bytes", "Size of the address space."},
      {MetricType::kGauge, "process_resident_memory_bytes", "Memory in use (resident set)."},
      {MetricType::kGauge, "process_start_time_seconds", "When this process started, in seconds since 1970."},
      {MetricType::kGauge, "process_threads", "Threads of this process."},
  };
}

std::vector<MetricSample> ReadProcess() {
  const std::vector<std::string> stat = StatFields();
  // proc(5) numbers fields from 1 and our list starts at field 3: utime 14, stime 15, threads 20, start 22, vsize 23,
  // rss 24.
  if (stat.size() < 22) return {};
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  return {
      {"process_cpu_seconds_total", "", (Number(stat[11]) + Number(stat[12])) / ticks},
      {"process_open_fds", "", static_cast<double>(CountOpenFiles())},
      {"process_max_fds", "", MaxOpenFiles()},
      {"process_virtual_memory_bytes", "", Number(stat[20])},
      {"process_resident_memory_bytes", "", Number(stat[21]) * page},
      {"process_start_time_seconds", "", BootTime() + Number(stat[19]) / ticks},
      {"process_threads", "", Number(stat[17])},
  };
}

}  // namespace millrace
