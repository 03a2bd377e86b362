// The write task against the bare loop: the same images, threads and libraries, RunWrite as a worker calls it, without
// engine and scan.
//
//   pipeline_benchmark --input images.csv --output DIR --threads 2
//
// Eight shards; as many attempts at once as threads, as a worker with that many slots runs them. Prints one JSON
// object, and the time of each operator on stderr.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/dataset/row_log.h"
#include "common/storage/file_store.h"
#include "worker/pipeline/write_task.h"

namespace millrace {
namespace {

constexpr int kShards = 8;

struct Options {
  std::string input;
  std::string output;
  std::string codec = "igzip1";
  int threads = 2;
  int shards = kShards;
};

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

int64_t WriteRowLog(Store& store, const Options& options) {
  const std::string path = options.output + "/scan/rows-TRAIN.log";
  auto file = store.Prepare(path, path + ".part").value();
  RowLogWriter writer(file.get());
  std::ifstream csv(options.input);
  std::string line;
  std::getline(csv, line);
  int64_t row = 0;
  while (std::getline(csv, line)) {
    std::vector<std::string> cells = absl::StrSplit(line, ',');
    ++row;
    Check(writer.Add({.file = 0, .row = row, .line = row + 1, .uri = cells[1], .label = cells[2], .has_label = true}));
  }
  Check(writer.Finish());
  Check(store.Publish(file->Finish().value()));
  return row;
}

void WriteSummary(Store& store, const Options& options) {
  ScanSummary summary;
  summary.add_vocabulary("dog");
  summary.add_vocabulary("cat");
  summary.add_input_files(options.input);
  const std::string path = options.output + "/scan/summary.pb";
  auto file = store.Prepare(path, path + ".part").value();
  Check(file->Append(summary.SerializeAsString()));
  Check(store.Publish(file->Finish().value()));
}

Assignment ShardOf(const Options& options, int shard, int64_t rows) {
  Assignment assignment;
  assignment.mutable_task()->set_job_id("benchmark");
  assignment.mutable_task()->set_index(static_cast<uint32_t>(shard));
  assignment.mutable_task()->set_kind(TASK_WRITE);
  assignment.set_nonce("00000000");
  ConvertSpec& spec = *assignment.mutable_spec();
  spec.set_output(options.output);
  if (options.codec == "none") spec.set_compression(COMPRESSION_NONE);
  if (options.codec == "fast") spec.set_gzip_level(GZIP_LEVEL_FAST);
  if (options.codec == "zlib6") spec.set_gzip_level(GZIP_LEVEL_SMALL);
  WriteWork& work = *assignment.mutable_write();
  work.set_shard(static_cast<uint32_t>(shard));
  work.set_num_shards(static_cast<uint32_t>(options.shards));
  work.set_begin(rows * shard / options.shards);
  work.set_end(rows * (shard + 1) / options.shards);
  work.set_split_rows(rows);
  work.set_scan_dir("scan");
  return assignment;
}

struct Totals {
  std::atomic<int64_t> bytes{0};
  std::atomic<int64_t> written{0};
  Mutex mu;
  std::map<std::string, OperatorStats> operators ABSL_GUARDED_BY(mu);
};

void RunShard(const Options& options, Store& store, PipelineResources& resources, int shard, int64_t rows,
              Totals& totals) {
  const Assignment assignment = ShardOf(options, shard, rows);
  ProgressMeter progress;
  TaskContext context{assignment, store, progress, {}};
  absl::StatusOr<WriteResult> result = RunWrite(context, {.resources = &resources, .file_roots = {}});
  Check(result.status());
  totals.bytes += result->shard().size();
  totals.written += result->counts().written();
  const Progress last = progress.Get();
  MutexLock lock(&totals.mu);
  for (const OperatorStats& stats : last.operators()) {
    OperatorStats& sum = totals.operators[stats.name()];
    sum.set_rows(sum.rows() + stats.rows());
    sum.set_busy_ns(sum.busy_ns() + stats.busy_ns());
    sum.set_wait_ns(sum.wait_ns() + stats.wait_ns());
  }
}

void PrintOperators(Totals& totals) {
  MutexLock lock(&totals.mu);
  for (const auto& [name, stats] : totals.operators) {
    const double per_row = 1e6 * static_cast<double>(std::max<int64_t>(stats.rows(), 1));
    absl::FPrintF(stderr, "  %-10s %8d rows  busy %.4f  wait %.4f ms a row\n", name, stats.rows(),
                  static_cast<double>(stats.busy_ns()) / per_row, static_cast<double>(stats.wait_ns()) / per_row);
  }
}

void Run(const Options& options) {
  std::unique_ptr<Store> store = MakeFileStore();
  PipelineResources resources(options.threads, int64_t{512} << 20);
  const int64_t rows = WriteRowLog(*store, options);
  WriteSummary(*store, options);
  Totals totals;
  std::atomic<int> next{0};
  const absl::Time start = absl::Now();
  std::vector<std::thread> slots;
  for (int t = 0; t < options.threads; ++t) {
    slots.emplace_back([&] {
      for (int shard; (shard = next++) < options.shards;) RunShard(options, *store, resources, shard, rows, totals);
    });
  }
  for (std::thread& slot : slots) slot.join();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  PrintOperators(totals);
  absl::PrintF(
      "{\"images\": %d, \"threads\": %d, \"codec\": \"%s\", \"seconds\": %.3f, \"images_per_second\": %.1f, \"bytes\": "
      "%d}\n",
      totals.written.load(), options.threads, options.codec, seconds,
      static_cast<double>(totals.written.load()) / seconds, totals.bytes.load());
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  millrace::Options options;
  CLI::App app{"The write task alone, to compare with bare_convert"};
  app.add_option("--input", options.input, "CSV: split,image_uri,label, with a header; one split")->required();
  app.add_option("--output", options.output, "an empty folder, absolute")->required();
  app.add_option("--threads", options.threads, "threads, and attempts at once");
  app.add_option("--shards", options.shards, "shards; fewer than threads show what helpers do");
  app.add_option("--codec", options.codec, "fast, igzip1, zlib6 or none")
      ->check(CLI::IsMember({"fast", "igzip1", "zlib6", "none"}));
  CLI11_PARSE(app, argc, argv);
  millrace::Run(options);
  return 0;
}
