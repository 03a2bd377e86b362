// The write task: rows [begin, end) of a split → one shard, prepared and invisible, and its dead letters.
//
//   read rows → fetch → decode → encode (base64 into the frame) → gzip → storage
//
// The attempt's own thread runs this loop; while fewer attempts than threads are running, helper threads of the process
// fetch and decode the next rows ahead of it. It consumes in order: the shard's bytes depend on the assignment and on
// what the image files hold, never on threads, budget or order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/net/http_fetcher.h"
#include "worker/task/task_context.h"

namespace millrace {

// What all attempts of one worker process share: helper threads, the memory budget, summaries of scans, connections.
// Thread-safe. Outlives every RunWrite that uses it.
class PipelineResources {
 public:
  // `threads`: cores for conversion (at least 1). `memory_budget_bytes`: of the process (--memory-budget); what the
  // program itself needs is subtracted here.
  // `fetcher`: for images on the network; null: rows that name some are dead letters.
  PipelineResources(int threads, int64_t memory_budget_bytes, std::unique_ptr<HttpFetcher> fetcher = nullptr);
  ~PipelineResources();

  int64_t memory_in_use() const;  // bytes of the budget that rows in flight hold

  struct Shared;
  Shared& shared() { return *shared_; }

 private:
  std::unique_ptr<Shared> shared_;
};

struct WriteOptions {
  PipelineResources* resources = nullptr;
  std::vector<std::string> file_roots;  // images must lie below one of these folders (real paths); empty: anywhere
};

// Errors (the code says what the agent reports, docs/architecture.md): CANCELLED when context.stop was requested, those
// of the store, FAILED_PRECONDITION when this worker's codecs or memory do not fit the job. Rows that cannot be used
// are not errors: they are in the result. The path of their file is below spec.output ("_staging/…/discarded.jsonl").
absl::StatusOr<WriteResult> RunWrite(TaskContext& context, const WriteOptions& options);

// Ours and the codec libraries': the shard bytes are the same on workers with the same word.
std::string EncodingVersion();

}  // namespace millrace
