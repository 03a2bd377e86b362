#include "tests/worker/pipeline/shard_world.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/dataset/row_log.h"
#include "common/io/gzip_reader.h"
#include "common/record/record_reader.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kAll = int64_t{1} << 40;

void Store1(Store& store, const std::string& path, const std::string& bytes) {
  auto writer = store.Prepare(path, path + ".part").value();
  ASSERT_TRUE(writer->Append(bytes).ok());
  ASSERT_TRUE(store.Publish(writer->Finish().value()).ok());
}

}  // namespace

ShardWorld::ShardWorld() {
  static std::atomic<int> next{0};
  folder_ = (fs::path(testing::TempDir()) / absl::StrCat("shard_world_", getpid(), "_", next++)).string();
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  spec.set_output("/out");
}

ShardWorld::~ShardWorld() { fs::remove_all(folder_); }

void ShardWorld::AddImage(const std::string& name, const JpegFixture& fixture) { AddFile(name, MakeJpeg(fixture)); }

void ShardWorld::AddFile(const std::string& name, const std::string& bytes) {
  fs::create_directories(fs::path(folder_ + "/" + name).parent_path());
  std::ofstream(folder_ + "/" + name, std::ios::binary) << bytes;
}

void ShardWorld::RemoveFile(const std::string& name) { fs::remove(folder_ + "/" + name); }

void ShardWorld::AddRow(const std::string& uri, const std::string& label, const std::string& features) {
  rows_.push_back({uri, label, features});
}

void ShardWorld::Scan(Store& store, const std::string& scan_folder) const {
  const std::string log = scan_folder + "/rows-TRAIN.log";
  auto file = store.Prepare(log, log + ".part").value();
  RowLogWriter writer(file.get());
  for (size_t i = 0; i < rows_.size(); ++i) {
    const auto row = static_cast<int64_t>(i) + 1;
    ASSERT_TRUE(writer
                    .Add({.file = 0,
                          .row = row,
                          .line = row + 1,
                          .uri = rows_[i].uri,
                          .label = rows_[i].label,
                          .has_label = !rows_[i].label.empty(),
                          .features = rows_[i].features})
                    .ok());
  }
  ASSERT_TRUE(writer.Finish().ok());
  ASSERT_TRUE(store.Publish(file->Finish().value()).ok());
  ScanSummary summary;
  for (const std::string& label : vocabulary) summary.add_vocabulary(label);
  summary.add_input_files(folder_ + "/images.csv");
  Store1(store, scan_folder + "/summary.pb", summary.SerializeAsString());
}

ShardResult ShardWorld::Run(const ShardRun& run) const {
  MemoryStore store;
  Assignment assignment;
  assignment.mutable_task()->set_job_id("job");
  assignment.mutable_task()->set_kind(TASK_WRITE);
  assignment.mutable_epoch()->set_sequence(run.sequence);
  assignment.set_nonce("0123456789abcdef");
  *assignment.mutable_spec() = spec;
  WriteWork& work = *assignment.mutable_write();
  work.set_split(SPLIT_TRAIN);
  work.set_shard(run.shard);
  work.set_num_shards(4);
  work.set_begin(run.begin);
  work.set_end(run.end < 0 ? static_cast<int64_t>(rows_.size()) : run.end);
  work.set_split_rows(static_cast<int64_t>(rows_.size()));
  work.set_scan_dir(absl::StrCat("_staging/scan", folder_));
  work.set_encoding_version(scan_encoding_version);
  Scan(store, absl::StrCat("/out/", work.scan_dir()));

  ShardResult out;
  ProgressMeter progress;
  TaskContext context{assignment, store, progress, run.stop};
  std::unique_ptr<PipelineResources> own;
  if (run.resources == nullptr) own = std::make_unique<PipelineResources>(run.threads, run.memory_budget);
  absl::StatusOr<WriteResult> result =
      RunWrite(context, {.resources = own ? own.get() : run.resources, .file_roots = run.file_roots});
  out.status = result.status();
  out.progress = progress.Get();
  if (!result.ok()) return out;
  out.result = *std::move(result);
  EXPECT_TRUE(store.Publish(out.result.shard()).ok());
  out.bytes = store.Read(out.result.shard().path(), kAll).value();
  if (out.result.has_index()) {
    EXPECT_TRUE(store.Publish(out.result.index()).ok());
    out.index = store.Read(out.result.index().path(), kAll).value();
  }
  if (!out.result.dead_letters().empty()) {
    out.dead_letters = store.Read(absl::StrCat("/out/", out.result.dead_letters()), kAll).value();
  }
  EXPECT_EQ(store.OpenUploads(), 0);
  return out;
}

std::vector<DecodedExample> ShardWorld::Records(const std::string& bytes) {
  MemorySource source(bytes);
  GzipReader gzip(source);
  RecordReader reader(gzip);
  std::vector<DecodedExample> examples;
  ByteBuffer record;
  for (;;) {
    absl::StatusOr<bool> more = reader.Next(record);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return examples;
    absl::StatusOr<DecodedExample> example = DecodeExample(record.view());
    EXPECT_TRUE(example.ok()) << example.status();
    if (example.ok()) examples.push_back(*std::move(example));
  }
}

}  // namespace millrace
