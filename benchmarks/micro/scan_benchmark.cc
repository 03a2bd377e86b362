// The CSV reader alone, and the whole scan (reader, columns, splits, label counts, row log, files), on a plain CSV.
//   scan_benchmark [--rows 2000000] [--rounds 3] [--what both] [--folder /dev/shm]: MB/s of CSV text a second of CPU
//   time (user and system)
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/daemon.h"
#include "common/csv/csv_reader.h"
#include "common/storage/file_store.h"
#include "worker/scan/scan_task.h"

namespace millrace {
namespace {

// The machine may be shared; what other programs do is not our speed.
double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void WriteCsv(const std::string& path, int64_t rows) {
  std::ofstream file(path);
  file << "split,image_uri,label\n";
  for (int64_t i = 0; i < rows; ++i)
    file << (i % 10 == 8   ? "VALIDATION"
             : i % 10 == 9 ? "TEST"
                           : "TRAIN")
         << ",photos/class" << i % 100 << "/image-" << i << ".jpg,class" << i % 100 << '\n';
}

void Report(const char* what, const std::string& path, int64_t rows, double seconds) {
  const double bytes = static_cast<double>(std::filesystem::file_size(path));
  std::printf("%-8s %.0f MB/s, %.1f million rows/s\n", what, bytes / 1e6 / seconds,
              static_cast<double>(rows) / 1e6 / seconds);
}

void Read(const std::string& path, int64_t rows) {
  const double start = CpuSeconds();
  FileSource source = FileSource::Open(path).value();
  CsvReader reader(source, path);
  int64_t seen = 0;
  for (CsvRow row; reader.Next(row).value();) ++seen;
  Report("reader", path, rows, CpuSeconds() - start);
  if (seen != rows + 1) std::abort();
}

void Scan(const std::string& path, const std::string& folder, int64_t rows) {
  Assignment assignment;
  assignment.mutable_task()->set_job_id("job");
  assignment.mutable_spec()->add_inputs(path);
  assignment.mutable_spec()->set_output(folder + "/out");
  ScanOptions options;
  options.estimate_bytes = [](absl::string_view) { return std::optional<int64_t>(1000); };
  const std::unique_ptr<Store> store = MakeFileStore();
  ProgressMeter progress;
  TaskContext context{assignment, *store, progress, {}};
  const double start = CpuSeconds();
  if (RunScan(context, options).value().counts().rows() != rows) std::abort();
  Report("scan", path, rows, CpuSeconds() - start);
}

int Main(int argc, char** argv) {
  int64_t rows = 2'000'000;
  CLI::App app{"How fast the input is read"};
  app.add_option("--rows", rows, "Rows of the generated CSV")->capture_default_str();
  int rounds = 3;
  app.add_option("--rounds", rounds, "How often each is measured")->capture_default_str();
  std::string what = "both";
  app.add_option("--what", what, "reader, scan or both")->capture_default_str();
  std::string scratch = "/dev/shm";
  app.add_option("--folder", scratch, "Where the CSV and the scan's files are written")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const std::string folder = absl::StrCat(scratch, "/millrace-scan-", RandomHex(4));
  std::filesystem::create_directories(folder);
  WriteCsv(folder + "/images.csv", rows);
  for (int round = 0; round < rounds; ++round) {
    if (what != "scan") Read(folder + "/images.csv", rows);
    if (what != "reader") Scan(folder + "/images.csv", folder, rows);
    std::filesystem::remove_all(folder + "/out");
  }
  std::filesystem::remove_all(folder);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM", 0) == 0) std::printf("peak memory %s\n", line.substr(7).c_str());
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
