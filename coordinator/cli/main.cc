// millrace: the composition root of the command line. Names the store driver, the transport and the embedded engine.
#include <cstdlib>

#include "common/base/daemon.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/client/grpc_client.h"
#include "common/net/address.h"
#include "common/storage/file_store.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/embedded.h"
#include "coordinator/store/file_system.h"

namespace millrace {
namespace {

absl::StatusOr<std::unique_ptr<CoordinatorClient>> Connect(const std::string& address) {
  MILLRACE_RETURN_IF_ERROR(ParseAddress(address).status());
  const char* token_file = std::getenv("MILLRACE_TOKEN_FILE");
  MILLRACE_ASSIGN_OR_RETURN(std::string token, ClientToken(token_file == nullptr ? "" : token_file));
  return MakeGrpcClient({address, std::move(token)});
}

absl::StatusOr<std::string> JudgeStateFolder(const std::string& folder) {
  MILLRACE_ASSIGN_OR_RETURN(const FileSystemVerdict verdict, JudgeFileSystemOf(folder));
  const std::string words = verdict.name.empty() ? "" : absl::StrCat(verdict.name, ": ", verdict.why);
  if (verdict.fitness == FileSystemFitness::kRefused) return absl::FailedPreconditionError(words);
  return words;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  using namespace millrace;
  InitLog(LogLevel::kError, LogFormat::kText);  // the commands say what people need to know
  CliEnvironment environment = ProcessEnvironment();
  environment.connect = Connect;
  environment.start_embedded = StartEmbedded;
  environment.make_store = [] { return MakeFileStore(); };
  environment.judge_state_folder = JudgeStateFolder;
  return RunCli(argc, argv, environment);
}
