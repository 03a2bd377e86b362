// millrace-coordinator: the daemon that decides. The composition root of the coordinator: joins journal, engine, gRPC
// and HTTP. No image byte passes here; it opens no user file.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "common/base/byte_size.h"
#include "common/base/daemon.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "common/net/address.h"
#include "common/net/http_server.h"
#include "common/net/monitoring.h"
#include "coordinator/api/coordinator_metrics.h"
#include "coordinator/api/rpc_metrics.h"
#include "coordinator/engine/service/engine_service.h"
#include "coordinator/rpc/grpc_server.h"
#include "coordinator/store/data_dir.h"
#include "coordinator/store/sqlite_journal.h"

namespace millrace {
namespace {

constexpr int kUsage = 2;
constexpr double kLeastFree = 0.01;  // below this share of its disk the coordinator is read-only

struct Flags {
  std::string listen = "127.0.0.1:7070";
  std::string http = "127.0.0.1:7071";
  std::string data_dir;
  double lease_seconds = 15;
  std::string address_file;
  std::string log_format = "text";
};

void Declare(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", absl::StrCat("millrace-coordinator ", std::string(kVersion)));
  app.add_option("--listen", flags.listen, "RPC address for workers and the command line; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--http", flags.http, "Where /metrics, /healthz and /readyz are served; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--data-dir", flags.data_dir, "Folder of the journal, on a local disk; made if absent")->required();
  app.add_option("--lease", flags.lease_seconds, "Seconds a worker may be silent before its work is given to others")
      ->check(CLI::Range(0.5, 600.0))
      ->capture_default_str();
  app.add_option("--address-file", flags.address_file,
                 "Write the RPC and the HTTP address here (one a line) once both are served");
  app.add_option("--log-format", flags.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.footer(
      "Example:\n  millrace-coordinator --data-dir /var/lib/millrace\n\n"
      "A --listen address that other machines can reach requires a token, which is made in DATA_DIR/token at the "
      "first\n"
      "start; workers and the command line take it with --token-file or $MILLRACE_TOKEN. SIGTERM ends it at once: jobs "
      "go\n"
      "on when it is started again with the same --data-dir.");
}

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return code;
}

// The last of a disk is kept for what was promised already: winners of running jobs, cancels.
absl::Status RoomIn(const DataDir& folder) {
  const absl::StatusOr<DiskSpace> space = folder.Free();
  if (!space.ok() || static_cast<double>(space->free_bytes) >= kLeastFree * static_cast<double>(space->total_bytes))
    return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("only ", FormatByteSize(space->free_bytes), " of ",
                                                   FormatByteSize(space->total_bytes), " are free on the disk of ",
                                                   folder.path(), ", less than 1 %; make room there"));
}

class Daemon {
 public:
  explicit Daemon(const Flags& flags) : flags_(flags) {}
  ~Daemon() {
    if (http_) http_->Stop();
    if (engine_) engine_->Shutdown();  // answers what is parked, so that the RPC server can end
    if (rpc_) rpc_->Shutdown();
  }

  absl::Status Start() {
    MILLRACE_ASSIGN_OR_RETURN(DataDir data_dir, DataDir::Open(flags_.data_dir));
    data_dir_.emplace(std::move(data_dir));
    for (const std::string& warning : data_dir_->warnings()) Log(LogLevel::kWarning, warning);
    MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Journal> journal, SqliteJournal::Open(data_dir_->journal_path()));
    EngineServiceOptions options;
    options.engine.lease = absl::Seconds(flags_.lease_seconds);
    options.may_write = [this] { return RoomIn(*data_dir_); };
    options.on_fatal = [](const absl::Status& status) {
      // What was promised can no longer be kept: end, and let the next start replay what is durable.
      Log(LogLevel::kError, "the journal failed; exiting", {{"error", std::string(status.message())}});
      _exit(1);
    };
    MILLRACE_ASSIGN_OR_RETURN(engine_, EngineService::Start(options, std::move(journal)));
    MILLRACE_ASSIGN_OR_RETURN(const std::string token, Token());
    MILLRACE_ASSIGN_OR_RETURN(
        rpc_, GrpcServer::Start({flags_.listen, token,
                                 [this](absl::string_view method, absl::StatusCode code, absl::Duration time) {
                                   rpc_metrics_.Count(method, code, time);
                                 }},
                                engine_.get()));
    coordinator_metrics_ = std::make_unique<CoordinatorMetrics>(&metrics_, engine_.get());
    HttpServerOptions http;
    http.address = flags_.http;
    MILLRACE_ASSIGN_OR_RETURN(
        http_, HttpServer::Start(
                   http, MonitoringHandlers(
                             "millrace-coordinator", [this] { return metrics_.Text(); }, [this] { return Ready(); })));
    Log(LogLevel::kInfo, "serving",
        {{"rpc", rpc_->address()}, {"http", http_->address()}, {"data_dir", flags_.data_dir}});
    if (flags_.address_file.empty()) return absl::OkStatus();
    return WriteFileAtomically(flags_.address_file, absl::StrCat(rpc_->address(), "\n", http_->address()));
  }

 private:
  // Loopback is this machine's users; any other address needs a secret.
  absl::StatusOr<std::string> Token() {
    MILLRACE_ASSIGN_OR_RETURN(const Address address, ParseAddress(flags_.listen));
    if (IsLoopback(address.host)) return std::string();
    const std::string path = data_dir_->path() + "/token";
    Log(LogLevel::kInfo, "callers need the token", {{"file", path}});
    return ReadOrMakeToken(path);
  }
  absl::Status Ready() const { return engine_->Ready(); }

  const Flags flags_;
  std::optional<DataDir> data_dir_;
  std::unique_ptr<EngineService> engine_;
  Metrics metrics_;
  const RpcMetrics rpc_metrics_{&metrics_};
  std::unique_ptr<GrpcServer> rpc_;
  std::unique_ptr<CoordinatorMetrics> coordinator_metrics_;
  std::unique_ptr<HttpServer> http_;
};

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app{"Millrace coordinator: shards jobs over workers and remembers everything in its journal."};
  Declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  BlockSignals();
  InitLog(LogLevel::kInfo, flags.log_format == "json" ? LogFormat::kJson : LogFormat::kText);
  Daemon daemon(flags);
  if (absl::Status status = daemon.Start(); !status.ok()) return Fail(status, 1);
  while (!WaitForSignal(absl::Hours(1))) {
  }
  Log(LogLevel::kInfo, "ending; jobs go on at the next start");
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
