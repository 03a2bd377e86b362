// millrace-worker: the daemon that does the work. The composition root of the worker: the only place that names the
// store driver, the transport and the tasks together.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <thread>

#include "common/base/byte_size.h"
#include "common/base/daemon.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "common/client/grpc_client.h"
#include "common/dataset/reasons.h"
#include "common/metrics/fetch_metrics.h"
#include "common/metrics/worker_metrics.h"
#include "common/net/fetch_flags.h"
#include "common/net/http_server.h"
#include "common/net/monitoring.h"
#include "common/storage/file_store.h"
#include "worker/agent/agent.h"
#include "worker/agent/task_runner.h"
#include "worker/pipeline/write_task.h"

namespace millrace {
namespace {

constexpr int kUsage = 2;

struct Flags {
  std::string coordinator;
  std::string name;
  std::string http = "127.0.0.1:7072";
  std::vector<std::string> file_roots;
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  int slots = 0;
  std::string memory_budget = "512MiB";
  FetchFlags fetch;
  int grace_seconds = 25;
  std::string token_file;
  std::string address_file;
  std::string log_format = "text";
};

std::string HostName() {
  char name[256] = "worker";
  gethostname(name, sizeof name - 1);
  return name;
}

void Declare(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", absl::StrCat("millrace-worker ", std::string(kVersion)));
  app.add_option("--coordinator", flags.coordinator, "The coordinator's RPC address, for example 127.0.0.1:7070")
      ->envname("MILLRACE_COORDINATOR")
      ->required();
  app.add_option("--name", flags.name, "This worker's name, unique among the workers [host name]");
  app.add_option("--http", flags.http, "Where /metrics, /healthz and /readyz are served; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--file-root", flags.file_roots,
                 "Read inputs and images, and write outputs, only below this folder; may be repeated [anywhere]");
  app.add_option("--threads", flags.threads, "Cores for conversion")->check(CLI::Range(1, 1024))->capture_default_str();
  app.add_option("--slots", flags.slots, "Shards at a time [as many as threads]")->check(CLI::Range(1, 1024));
  app.add_option("--memory-budget", flags.memory_budget, "Memory of the whole process, for example 512MiB")
      ->capture_default_str();
  flags.fetch.AddTo(app);
  app.add_option("--grace", flags.grace_seconds, "Seconds from SIGTERM to exit; what cannot finish is handed back")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_option("--token-file", flags.token_file, "File with the coordinator's token [$MILLRACE_TOKEN]");
  app.add_option("--address-file", flags.address_file, "Write the HTTP address here once it is served");
  app.add_option("--log-format", flags.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.footer(
      "Example:\n  millrace-worker --coordinator 127.0.0.1:7070 --name w1 --http 127.0.0.1:0 --file-root /data\n\n"
      "SIGTERM drains: no new work, running shards finish or are handed back within the grace period, exit 0.");
}

AttemptOutcome OutcomeOf(absl::string_view word) {
  if (word == "accepted") return AttemptOutcome::kAccepted;
  if (word == "fenced") return AttemptOutcome::kFenced;
  if (word == "refused") return AttemptOutcome::kRefused;
  return word == "handed_back" ? AttemptOutcome::kHandedBack : AttemptOutcome::kFailed;
}

AgentObserver Observe(WorkerMetrics* metrics) {
  AgentObserver observer;
  observer.ended = [metrics](const Assignment&, absl::string_view outcome, const TaskResult* result) {
    metrics->CountAttempt(OutcomeOf(outcome));
    if (outcome != "accepted" || result == nullptr) return;
    if (result->has_scan()) metrics->AddDeadLetters(result->scan().reasons());
    if (result->has_write()) metrics->AddDeadLetters(result->write().reasons());
  };
  observer.progressed = [metrics](const Progress& before, const Progress& now) { metrics->AddProgress(before, now); };
  observer.synced = [metrics](bool answered) { metrics->CountSync(answered); };
  return observer;
}

FetchNumbers NumbersOf(const FetchCounters& counters) {
  FetchNumbers numbers;
  numbers.requests = counters.requests;
  numbers.retries = counters.retries;
  numbers.redirects = counters.redirects;
  numbers.received_bytes = counters.bytes;
  numbers.in_flight = counters.in_flight;
  numbers.waiting = counters.waiting;
  numbers.ok = counters.ok;
  numbers.no_memory = counters.no_memory;
  numbers.dropped = counters.dropped;
  numbers.failed.assign(counters.failed.begin(), counters.failed.end());
  return numbers;
}

// Everything a worker daemon is made of, in the order in which it must end.
class Daemon {
 public:
  Daemon(const Flags& flags, int64_t memory_budget, std::string token, std::unique_ptr<HttpFetcher> fetcher)
      : flags_(flags),
        client_(MakeGrpcClient({flags.coordinator, std::move(token)})),
        store_(MakeFileStore()),
        fetch_counters_(fetcher->counters()),
        resources_(flags.threads, memory_budget, std::move(fetcher)) {
    info_.set_name(flags.name);
    info_.set_version(std::string(kVersion));
    info_.set_encoding_version(EncodingVersion());
    info_.set_slots(flags.slots);
    info_.set_memory_budget_bytes(memory_budget);
  }

  absl::Status Start() {
    worker_metrics_ = std::make_unique<WorkerMetrics>(&metrics_, ReasonWords(), [this] { return Gauges(); });
    AddFetchMetrics(&metrics_, {kFetchReasonWords.begin(), kFetchReasonWords.end()},
                    [this] { return NumbersOf(fetch_counters_); });
    HttpServerOptions http;
    http.address = flags_.http;
    auto server =
        HttpServer::Start(http, MonitoringHandlers(
                                    "millrace-worker", [this] { return metrics_.Text(); }, [this] { return Ready(); }));
    if (!server.ok()) return server.status();
    http_ = *std::move(server);
    info_.set_http_address(http_->address());
    AgentOptions options;
    options.info = info_;
    auto agent =
        std::make_unique<Agent>(options, client_.get(), store_.get(),
                                MakeTaskRunner({&resources_, flags_.file_roots, true}), Observe(worker_metrics_.get()));
    MutexLock lock(&mu_);
    agent_ = std::move(agent);
    if (!flags_.address_file.empty()) return WriteFileAtomically(flags_.address_file, http_->address());
    return absl::OkStatus();
  }

  // Until a signal or an operator's drain; then hands back. A second signal ends at once.
  int Run() {
    Agent& agent = *Find();
    while (!WaitForSignal(absl::Milliseconds(500)) && !agent.drain_requested()) {
    }
    Log(LogLevel::kInfo, "draining", {{"worker", info_.name()}});
    agent.Drain();
    std::thread impatient([] {
      if (WaitForSignal(absl::Hours(1))) _exit(130);
    });
    impatient.detach();
    const bool clean = agent.WaitUntilDrained(absl::Seconds(flags_.grace_seconds));
    Log(clean ? LogLevel::kInfo : LogLevel::kWarning,
        clean ? "drained" : "the coordinator did not take everything back in time; it will find out by the leases",
        {{"worker", info_.name()}});
    return 0;
  }

 private:
  WorkerGauges Gauges() {
    WorkerGauges gauges;
    gauges.slots = info_.slots();
    gauges.memory_budget_bytes = info_.memory_budget_bytes();
    gauges.memory_used_bytes = resources_.memory_in_use();
    Agent* const agent = Find();
    if (agent == nullptr) return gauges;
    gauges.busy = agent->busy();
    gauges.connected = agent->connected();
    gauges.draining = agent->draining();
    gauges.free_disk_bytes = agent->free_disk_bytes();
    return gauges;
  }
  absl::Status Ready() {
    Agent* const agent = Find();
    if (agent == nullptr) return absl::UnavailableError("starting");
    if (agent->draining()) return absl::UnavailableError("draining");
    if (!agent->connected()) return absl::UnavailableError("the coordinator does not answer");
    return absl::OkStatus();
  }
  // Null until it is started; then the same for the daemon's whole life, and thread-safe by itself.
  Agent* Find() {
    MutexLock lock(&mu_);
    return agent_.get();
  }

  const Flags flags_;
  WorkerInfo info_;
  std::unique_ptr<CoordinatorClient> client_;
  std::unique_ptr<Store> store_;
  const FetchCounters& fetch_counters_;  // of resources_
  PipelineResources resources_;
  Metrics metrics_;
  std::unique_ptr<WorkerMetrics> worker_metrics_;
  Mutex mu_;
  std::unique_ptr<Agent> agent_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<HttpServer> http_;  // ends first: its handlers look at the agent
};

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return code;
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app{"Millrace worker: fetches, decodes and writes what the coordinator leases to it."};
  Declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (flags.name.empty()) flags.name = HostName();
  if (flags.slots == 0) flags.slots = flags.threads;
  BlockSignals();
  InitLog(LogLevel::kInfo, flags.log_format == "json" ? LogFormat::kJson : LogFormat::kText);
  absl::StatusOr<int64_t> budget = ParseByteSize(flags.memory_budget);
  if (!budget.ok()) return Fail(Annotate(budget.status(), "--memory-budget"), kUsage);
  absl::StatusOr<std::string> token = ClientToken(flags.token_file);
  if (!token.ok()) return Fail(token.status(), kUsage);
  absl::StatusOr<std::unique_ptr<HttpFetcher>> fetcher = HttpFetcher::Create(flags.fetch.ToOptions());
  if (!fetcher.ok()) return Fail(fetcher.status(), kUsage);
  Daemon daemon(flags, *budget, *std::move(token), *std::move(fetcher));
  if (absl::Status status = daemon.Start(); !status.ok()) return Fail(status, 1);
  return daemon.Run();
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
