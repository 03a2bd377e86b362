#include "tests/worker/publish/publish_world.h"

#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/dataset/layout.h"
#include "common/record/shard_name.h"

namespace millrace {
namespace {

void Walk(const Store& store, const std::string& folder, const std::string& below, Tree& tree) {
  auto entries = store.List(folder);
  ASSERT_TRUE(entries.ok()) << entries.status();
  for (const StoreEntry& entry : *entries) {
    const std::string path = folder + "/" + entry.name, name = below + entry.name;
    if (entry.folder) {
      tree[name + "/"] = "";
      Walk(store, path, name + "/", tree);
    } else {
      tree[name] = store.Read(path, 1 << 30).value_or("unreadable");
    }
  }
}

std::string Lines(absl::string_view text, int64_t n) {
  std::string lines;
  for (int64_t i = 0; i < n; ++i) absl::StrAppend(&lines, text, " ", i, "\n");
  return lines;
}

}  // namespace

PublishWorld::PublishWorld(absl::string_view kind, absl::string_view job_id) : job_id_(job_id) {
  if (kind == "memory") {
    output_ = "/bucket/data set";
    store_ = std::make_unique<MemoryStore>();
    return;
  }
  // In memory where that is possible: hundreds of kills with a dozen fsyncs each are not about the disk. (The store's
  // own tests run on the real one.)
  const std::string parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : testing::TempDir();
  root_ = parent + "/millrace_publish_XXXXXX";
  root_ = mkdtemp(root_.data());
  output_ = root_ + "/data set";
  store_ = MakeFileStore();
}

PublishWorld::~PublishWorld() {
  if (!root_.empty()) std::filesystem::remove_all(root_);
}

Assignment PublishWorld::Of(TaskKind kind, uint64_t epoch, absl::string_view job_id, char nonce) const {
  Assignment assignment;
  assignment.mutable_task()->set_job_id(job_id.empty() ? job_id_ : std::string(job_id));
  assignment.mutable_task()->set_kind(kind);
  assignment.mutable_epoch()->set_incarnation(1);
  assignment.mutable_epoch()->set_sequence(epoch);
  assignment.set_nonce(std::string(16, nonce));
  assignment.mutable_spec()->set_output(output_);
  return assignment;
}

Assignment Again(Assignment assignment) {
  assignment.mutable_epoch()->set_sequence(assignment.epoch().sequence() + 1);
  return assignment;
}

PreparedFile PublishWorld::Prepare(const Assignment& assignment, const std::string& name, absl::string_view bytes) {
  auto writer = store_->Prepare(At(name), absl::StrCat(AttemptStagingFolder(assignment), "/", name));
  EXPECT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ((*writer)->Append(bytes), absl::OkStatus());
  return (*writer)->Finish().value();
}

void PublishWorld::PutStaged(const Assignment& assignment, absl::string_view name, absl::string_view bytes) {
  EXPECT_EQ(store_->CreateExclusive(absl::StrCat(AttemptStagingFolder(assignment), "/", name), bytes),
            absl::OkStatus());
}

void PublishWorld::Put(absl::string_view name, absl::string_view bytes) {
  ASSERT_EQ(store_->CreateExclusive(At(name), bytes), absl::OkStatus());
}

PublishWork::Shard PublishWorld::Shard(Split split, uint32_t index, uint32_t of, int64_t begin, int64_t end,
                                       int64_t bad, absl::string_view flavour) {
  PublishWork::Shard shard;
  WriteWork& work = *shard.mutable_work();
  work.set_split(split);
  work.set_shard(index);
  work.set_num_shards(of);
  work.set_begin(begin);
  work.set_end(end);
  Assignment attempt = Of(TASK_WRITE, 10 + index);
  attempt.mutable_task()->set_index(static_cast<uint32_t>(split) * 10 + index);
  WriteResult& result = *shard.mutable_result();
  const std::string name = ShardFileName(split, index, of, COMPRESSION_GZIP);
  *result.mutable_shard() = Prepare(attempt, name, Lines(absl::StrCat("record ", name, flavour), end - begin - bad));
  if (bad > 0) {
    const std::string lines = Lines(absl::StrCat("{\"bad row of\":\"", name, "\"}"), bad);
    PutStaged(attempt, "discarded.jsonl", lines);
    result.set_dead_letters(AttemptStagingFolder(attempt).substr(output_.size() + 1) + "/discarded.jsonl");
    result.set_dead_letter_bytes(static_cast<int64_t>(lines.size()));
  }
  result.mutable_counts()->set_rows(end - begin);
  result.mutable_counts()->set_written(end - begin - bad);
  result.mutable_counts()->set_dead_letters(bad);
  return shard;
}

Assignment PublishWorld::Stage(uint64_t epoch, absl::string_view flavour) {
  const Assignment scan = Of(TASK_SCAN);
  EXPECT_EQ(TakeClaim(*store_, scan), absl::OkStatus());
  ScanSummary summary;
  summary.add_vocabulary("dog");
  summary.add_vocabulary("cat");
  for (auto [split, rows] : {std::pair(SPLIT_TRAIN, 40), std::pair(SPLIT_TEST, 10)}) {
    ScanSummary::SplitLabels& labels = *summary.add_splits();
    labels.set_split(split);
    labels.set_rows(rows);
  }
  PutStaged(scan, "summary.pb", summary.SerializeAsString());
  PutStaged(scan, "discarded.jsonl", Lines("{\"bad row of\":\"the scan\"}", 5));

  Assignment publish = Of(TASK_PUBLISH, 100 + epoch);
  PublishWork& work = *publish.mutable_publish();
  work.mutable_scan()->set_scan_dir(AttemptStagingFolder(scan).substr(output_.size() + 1));
  RowCounts& counts = *work.mutable_scan()->mutable_counts();
  counts.set_rows(55);
  counts.set_discarded(2);
  counts.set_dead_letters(3);
  *work.add_shards() = Shard(SPLIT_TRAIN, 0, 2, 0, 20, 1, flavour);
  *work.add_shards() = Shard(SPLIT_TRAIN, 1, 2, 20, 40, 0, flavour);
  PublishWork::Shard& test = *work.add_shards();
  test = Shard(SPLIT_TEST, 0, 1, 0, 10, 2, flavour);
  *test.mutable_result()->mutable_index() =
      Prepare(Of(TASK_WRITE, 10), IndexFileName("test-00000-of-00001.tfrecord.gz"), Lines("place", 8));
  return publish;
}

absl::StatusOr<PublishResult> PublishWorld::Publish(Store& store, const Assignment& assignment, std::stop_token stop) {
  ProgressMeter progress;
  TaskContext context{assignment, store, progress, std::move(stop)};
  return RunPublish(context);
}

absl::StatusOr<CleanupResult> PublishWorld::Cleanup(Store& store, const Assignment& assignment) {
  ProgressMeter progress;
  TaskContext context{assignment, store, progress, {}};
  return RunCleanup(context);
}

Tree PublishWorld::All() const {
  Tree tree;
  Walk(*store_, output_, "", tree);
  return tree;
}

Tree PublishWorld::Visible() const {
  Tree tree = All();
  std::erase_if(tree, [](const auto& entry) { return absl::StartsWith(entry.first, "_staging/"); });
  return tree;
}

}  // namespace millrace
