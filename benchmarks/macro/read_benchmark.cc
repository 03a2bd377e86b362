// Reading a dataset back: DatasetReader with everything that it checks, or, as its limit, inflating alone.
//
//   read_benchmark --dataset DIR --threads 2 [--split TRAIN] [--what pixels|inflate] [--ordered] [--lanes N]
//
// Prints one JSON object. `inflate`: each thread takes whole shards and inflates them with ISA-L into one buffer; no
// frame, record or picture is looked at. A shard that is not compressed is only read.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/dataset/dataset_reader.h"
#include "common/dataset/layout.h"
#include "common/dataset/shard_reader.h"
#include "common/io/gzip_reader.h"
#include "common/storage/file_store.h"

namespace millrace {
namespace {

constexpr size_t kInflateBytes = 512 << 10;

struct Options {
  std::string dataset;
  std::string split = "TRAIN";
  std::string what = "pixels";
  int threads = 2;
  int lanes = 0;
  bool ordered = false;
};

struct Done {
  int64_t images = 0;
  int64_t bytes = 0;  // of pixels, or inflated
};

template <typename T>
T Check(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << value.status() << "\n";
  std::exit(1);
}

Done ReadPixels(const Store& store, const Dataset& dataset, const std::vector<ShardRange>& ranges,
                const Options& options) {
  const auto reader = Check(DatasetReader::Start(
      store, dataset, ranges, {.threads = options.threads, .ordered = options.ordered, .lanes = options.lanes}));
  Done done;
  Sample sample;
  while (Check(reader->Next(sample))) {
    ++done.images;
    done.bytes += static_cast<int64_t>(sample.pixels.size());
  }
  return done;
}

int64_t InflateShard(const Store& store, const std::string& path) {
  DigestingSource file(Check(store.Open(path)), FileDigest::kNone);
  GzipReader gzip(file);
  ByteSource& stream = IsGzipName(path) ? static_cast<ByteSource&>(gzip) : file;
  std::vector<char> buffer(kInflateBytes);
  int64_t bytes = 0;
  while (const size_t got = Check(stream.Read(buffer.data(), buffer.size()))) bytes += static_cast<int64_t>(got);
  return bytes;
}

Done Inflate(const Store& store, const Dataset& dataset, const std::vector<ShardRange>& ranges,
             const Options& options) {
  std::atomic<size_t> next{0};
  std::atomic<int64_t> bytes{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < options.threads; ++t) {
    threads.emplace_back([&] {
      for (size_t i; (i = next++) < ranges.size();)
        bytes += InflateShard(store, absl::StrCat(dataset.folder, "/", dataset.shards[ranges[i].shard].path));
    });
  }
  for (std::thread& thread : threads) thread.join();
  Done done{.bytes = bytes};
  for (const ShardRange& range : ranges) done.images += dataset.shards[range.shard].rows.value_or(0);
  return done;
}

double CpuSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void Run(const Options& options) {
  const auto store = MakeFileStore();
  const Dataset dataset = Check(OpenDataset(*store, options.dataset));
  Split split = SPLIT_TRAIN;
  ParseSplitName(absl::AsciiStrToUpper(options.split), split);
  const std::vector<ShardRange> ranges = Check(RangesOf(dataset, split));
  const auto start = std::chrono::steady_clock::now();
  const Done done = options.what == "inflate" ? Inflate(*store, dataset, ranges, options)
                                              : ReadPixels(*store, dataset, ranges, options);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double cpu = CpuSeconds();
  absl::PrintF(
      "{\"what\": \"%s\", \"images\": %d, \"threads\": %d, \"seconds\": %.3f, \"cpu_seconds\": %.3f, "
      "\"images_per_second\": %.1f, \"images_per_cpu_second\": %.1f, \"bytes\": %d}\n",
      options.what, done.images, options.threads, seconds, cpu, static_cast<double>(done.images) / seconds,
      static_cast<double>(done.images) / cpu, done.bytes);
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  millrace::Options options;
  CLI::App app{"Reads a dataset and drops the samples"};
  app.add_option("--dataset", options.dataset, "folder, absolute")->required();
  app.add_option("--split", options.split, "TRAIN, VALIDATION or TEST")
      ->check(CLI::IsMember({"TRAIN", "VALIDATION", "TEST"}));
  app.add_option("--what", options.what, "pixels or inflate")->check(CLI::IsMember({"pixels", "inflate"}));
  app.add_option("--threads", options.threads, "threads")->check(CLI::Range(1, 1024));
  app.add_option("--lanes", options.lanes, "shards read side by side; 0: the reader's default");
  app.add_flag("--ordered", options.ordered, "in the order of the shards");
  CLI11_PARSE(app, argc, argv);
  millrace::Run(options);
  return 0;
}
