// A small language for tests of the write task: images in a folder, rows of a TRAIN split, one attempt, what came out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/storage/memory_store.h"
#include "tests/common/image/jpeg_fixture.h"
#include "tests/support/decoded_example.h"
#include "worker/pipeline/write_task.h"

namespace millrace {

struct ShardRun {
  int threads = 1;
  int64_t memory_budget = int64_t{512} << 20;
  int64_t begin = 0;
  int64_t end = -1;  // all rows
  uint32_t shard = 0;
  uint64_t sequence = 1;  // of the lease epoch
  std::vector<std::string> file_roots = {};
  std::stop_token stop = {};
  PipelineResources* resources = nullptr;  // shared with other attempts; else made from threads and memory_budget
};

struct ShardResult {
  absl::Status status;
  WriteResult result;
  std::string bytes;         // of the published shard
  std::string index;         // empty if there is none
  std::string dead_letters;  // JSON lines
  Progress progress;
};

// One thread; Run may be called from several, once the rows are set.
class ShardWorld {
 public:
  ShardWorld();  // vocabulary: "dog", "cat"
  ~ShardWorld();

  void AddImage(const std::string& name, const JpegFixture& fixture = {});
  void AddFile(const std::string& name, const std::string& bytes);
  void RemoveFile(const std::string& name);
  // `features`: of further columns, serialised.
  void AddRow(const std::string& uri, const std::string& label = "cat", const std::string& features = "");

  ConvertSpec spec;
  std::vector<std::string> vocabulary = {"dog", "cat"};
  std::string scan_encoding_version = EncodingVersion();

  // Scans into a fresh memory store, runs one attempt and publishes what it prepared.
  ShardResult Run(const ShardRun& run = {}) const;
  std::string folder() const { return folder_; }

  // The records of a gzip shard; empty and a test failure if it is damaged.
  static std::vector<DecodedExample> Records(const std::string& bytes);

 private:
  struct Row {
    std::string uri;
    std::string label;
    std::string features;
  };
  void Scan(Store& store, const std::string& scan_folder) const;

  std::string folder_;
  std::vector<Row> rows_;
};

}  // namespace millrace
