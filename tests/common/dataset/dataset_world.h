// A small dataset in a memory store, made without the pipeline, so that a test can damage one thing at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/dataset/manifest.h"
#include "common/dataset/verify.h"
#include "common/storage/memory_store.h"
#include "proto/task.pb.h"

namespace millrace {

struct TestRecord {
  std::string image_name = "a.jpg";
  std::string split = "TRAIN";
  int64_t label = 0;
  int64_t height = 2;
  int64_t width = 3;
  int64_t channels = 3;
  std::string extra_feature = "";  // name of an eighth one
};
std::string EncodeRecord(const TestRecord& record, Payload payload = PAYLOAD_RAW_BASE64);
// The pixels that EncodeRecord wrote.
std::string PixelsOf(const TestRecord& record);

// TRAIN in two shards, TEST in one; vocabulary "dog", "cat"; one row discarded by the user, one dead letter.
class DatasetWorld {
 public:
  explicit DatasetWorld(Compression compression = COMPRESSION_GZIP);

  // Before Write(): what the shards hold, TRAIN 0, TRAIN 1, TEST 0.
  std::vector<std::vector<TestRecord>> shards;
  // All files, as a job would have left them.
  void Write();
  // After Write(): another content of a file, as a user or a disk would make it.
  void Replace(const std::string& name, const std::string& bytes);
  void Remove(const std::string& name);
  std::string Read(const std::string& name) const;
  // The file's name of a shard.
  std::string Shard(size_t i) const;

  VerifyReport Verify(VerifyOptions options = {}) const;
  // "train-00000-of-00002.tfrecord.gz#1: label 7 is outside …" a problem.
  std::vector<std::string> Problems() const;

  const std::string folder = "/data/set";
  std::optional<Payload> record_payload;  // if the records have another one than spec says
  MemoryStore store;
  ConvertSpec spec;
  PublishWork work;
  ScanSummary summary;
  std::vector<ManifestFile> files;  // after Write()

 private:
  void AddShard(size_t i);
  void AddText(absl::string_view name, FileKind kind, const std::string& bytes);
  PreparedFile Put(const std::string& name, const std::string& bytes);
};

}  // namespace millrace
