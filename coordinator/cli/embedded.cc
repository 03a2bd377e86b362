#include "coordinator/cli/embedded.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "common/storage/file_store.h"
#include "coordinator/engine/service/engine_service.h"
#include "coordinator/engine/service/in_process_client.h"
#include "coordinator/store/data_dir.h"
#include "coordinator/store/sqlite_journal.h"
#include "worker/agent/agent.h"
#include "worker/agent/task_runner.h"
#include "worker/pipeline/write_task.h"

namespace millrace {
namespace {

// Workers die with the coordinator here, so no lease needs to end: a laptop that slept an hour goes on where it was.
constexpr absl::Duration kLease = absl::Hours(24);

class InThisProcess final : public Embedded {
 public:
  InThisProcess(DataDir data_dir, std::unique_ptr<EngineService> service, const EmbeddedOptions& options, int threads,
                int64_t memory_budget, std::unique_ptr<HttpFetcher> fetcher)
      : data_dir_(std::move(data_dir)),
        service_(std::move(service)),
        client_(service_.get()),
        store_(MakeFileStore()),
        resources_(threads, memory_budget, std::move(fetcher)) {
    const Agent::TaskRunner runner = MakeTaskRunner({&resources_, options.file_roots});
    const int workers = options.look_only ? 0 : std::clamp(options.workers, 1, threads);
    for (int i = 0; i < workers; ++i) {
      AgentOptions agent;
      agent.info.set_name(absl::StrCat("local", i + 1));
      agent.info.set_version(std::string(kVersion));
      agent.info.set_encoding_version(EncodingVersion());
      agent.info.set_slots(threads / workers + (i < threads % workers ? 1 : 0));
      agent.info.set_memory_budget_bytes(memory_budget);
      agent.busy_sync = absl::Milliseconds(250);  // a sync is a function call here; the bar moves smoothly
      agents_.push_back(std::make_unique<Agent>(agent, &client_, store_.get(), runner));
    }
  }
  ~InThisProcess() override { Shutdown(); }

  CoordinatorClient& client() override { return client_; }
  void Shutdown() override {
    agents_.clear();
    service_->Shutdown();
  }

 private:
  DataDir data_dir_;
  std::unique_ptr<EngineService> service_;
  InProcessClient client_;
  std::unique_ptr<Store> store_;
  PipelineResources resources_;
  std::vector<std::unique_ptr<Agent>> agents_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Embedded>> StartEmbedded(const EmbeddedOptions& options) {
  MILLRACE_ASSIGN_OR_RETURN(DataDir data_dir, DataDir::Open(options.state_dir));
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Journal> journal, SqliteJournal::Open(data_dir.journal_path()));
  EngineServiceOptions service_options;
  service_options.engine.lease = kLease;
  service_options.engine.hold_back = absl::ZeroDuration();
  service_options.on_fatal = [](const absl::Status& status) {
    std::fprintf(stderr,
                 "error: the journal failed: %s\n  try: free some space and run the same command again; finished "
                 "shards are kept\n",
                 std::string(status.message()).c_str());
    _exit(1);
  };
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<EngineService> service,
                            EngineService::Start(service_options, std::move(journal)));
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<HttpFetcher> fetcher, HttpFetcher::Create(options.fetch));
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int threads = options.threads > 0 ? options.threads : cores;
  const int64_t memory_budget = options.memory_budget > 0 ? options.memory_budget : 512 * kMiB;
  return std::make_unique<InThisProcess>(std::move(data_dir), std::move(service), options, threads, memory_budget,
                                         std::move(fetcher));
}

}  // namespace millrace
