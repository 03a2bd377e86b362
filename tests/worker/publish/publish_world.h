// A small job that is ready to be published, in any store: the little language of these tests.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "common/storage/file_store.h"
#include "common/storage/memory_store.h"
#include "common/storage/testing/faulty_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/publish/claim.h"
#include "worker/publish/cleanup_task.h"
#include "worker/publish/publish_task.h"

namespace millrace {

using Tree = std::map<std::string, std::string>;  // path below a folder → bytes

class PublishWorld {
 public:
  // `kind`: "memory" or "file".
  explicit PublishWorld(absl::string_view kind = "memory", absl::string_view job_id = "cats");
  ~PublishWorld();
  PublishWorld(const PublishWorld&) = delete;

  Store& store() { return *store_; }
  MemoryStore* memory() { return dynamic_cast<MemoryStore*>(store_.get()); }
  const std::string& output() const { return output_; }
  std::string At(absl::string_view name) const { return output_ + "/" + std::string(name); }

  // An assignment of this world's job, of another job, or of another life of a job (its nonce is made of `nonce`).
  Assignment Of(TaskKind kind, uint64_t epoch = 1, absl::string_view job_id = "", char nonce = 'n') const;
  // Takes the claim, scans (40 rows of TRAIN, 10 of TEST, dead letters in scan and shards) and writes three shards.
  // `flavour` changes the bytes of the shards. Returns what the publish task of attempt `epoch` is to do.
  Assignment Stage(uint64_t epoch = 1, absl::string_view flavour = "");

  absl::StatusOr<PublishResult> Publish(Store& store, const Assignment& assignment, std::stop_token stop = {});
  absl::StatusOr<PublishResult> Publish(const Assignment& assignment) { return Publish(*store_, assignment); }
  absl::StatusOr<CleanupResult> Cleanup(Store& store, const Assignment& assignment);

  void Put(absl::string_view name, absl::string_view bytes);
  // Everything below OUT, or all but the staging.
  Tree All() const;
  Tree Visible() const;

 private:
  PreparedFile Prepare(const Assignment& assignment, const std::string& name, absl::string_view bytes);
  void PutStaged(const Assignment& assignment, absl::string_view name, absl::string_view bytes);
  PublishWork::Shard Shard(Split split, uint32_t index, uint32_t of, int64_t begin, int64_t end, int64_t bad,
                           absl::string_view flavour);

  std::string root_;  // of the file store; empty for memory
  std::string output_;
  std::string job_id_;
  std::unique_ptr<Store> store_;
};

// The attempt of the next epoch.
Assignment Again(Assignment assignment);

}  // namespace millrace
