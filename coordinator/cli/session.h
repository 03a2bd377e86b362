// The coordinator that one `convert` talks to: found by its address, or started in this process. Owns it; one thread.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/which_coordinator.h"

namespace millrace::cli {

class Session {
 public:
  // `embedded` is used only if `choice` is embedded.
  static absl::StatusOr<Session> Open(const Choice& choice, const EmbeddedOptions& embedded,
                                      const CliEnvironment& environment);
  Session(Session&&) = default;
  ~Session() { Close(); }

  CoordinatorClient& client() { return embedded_ ? embedded_->client() : *remote_; }
  bool embedded() const { return embedded_ != nullptr; }
  // Ends an embedded coordinator; what is unfinished is kept. May be repeated.
  void Close() {
    if (embedded_) embedded_->Shutdown();
    embedded_.reset();
    remote_.reset();
  }

 private:
  Session() = default;
  std::unique_ptr<CoordinatorClient> remote_;
  std::unique_ptr<Embedded> embedded_;
};

}  // namespace millrace::cli
