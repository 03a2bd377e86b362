#include "coordinator/cli/which_coordinator.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "coordinator/cli/process.h"
#include "coordinator/cli/state_folder.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {

std::string Choice::FlagAgain() const {
  return why == "--coordinator" ? absl::StrCat(" --coordinator ", address) : std::string();
}

bool Choice::IsThisMachine() const {
  return embedded() || absl::StartsWith(address, "127.") || absl::StartsWith(address, "localhost:") ||
         absl::StartsWith(address, "[::1]:");
}

std::optional<std::string> RunningHere(const CliEnvironment& environment) {
  const auto state = StateFolder(environment);
  if (!state.ok()) return std::nullopt;
  const auto pid = ReadSmallFile(UpFolder(*state) + "/coordinator.pid");
  const auto address = ReadSmallFile(UpFolder(*state) + "/coordinator.address");
  if (!pid.ok() || !address.ok() || address->empty()) return std::nullopt;
  const auto process = ProcessId::Parse(*pid);
  if (!process || !IsAlive(*process)) return std::nullopt;
  return ParseAddressFile(*address).rpc;
}

Choice ChooseCoordinator(const CoordinatorFlags& flags, const CliEnvironment& environment) {
  if (flags.local) return {"", "--local"};
  if (!flags.address.empty()) return {flags.address, "--coordinator"};
  const std::string variable = environment.variable("MILLRACE_COORDINATOR");
  if (!variable.empty()) return {variable, "$MILLRACE_COORDINATOR"};
  if (const auto here = RunningHere(environment)) return {*here, "started by millrace up"};
  return {"", "none is running"};
}

absl::StatusOr<std::unique_ptr<CoordinatorClient>> ConnectTo(const CoordinatorFlags& flags,
                                                             const CliEnvironment& environment) {
  const Choice choice = ChooseCoordinator(flags, environment);
  if (choice.embedded())
    return absl::UnavailableError(
        "no coordinator is running: start one with `millrace up`, or name one with --coordinator HOST:PORT or "
        "$MILLRACE_COORDINATOR (a job that `millrace convert` ran by itself is continued by the same command)");
  return environment.connect(choice.address);
}

absl::Status NameCoordinator(const absl::Status& status, const Choice& choice) {
  if (!absl::IsUnavailable(status) || choice.embedded()) return status;
  absl::string_view words = status.message();
  absl::ConsumePrefix(&words, absl::StrCat("the coordinator at ", choice.address, " does not answer: "));
  return absl::UnavailableError(
      absl::StrCat("coordinator ", Printable(choice.address), " (", choice.why, ") is not reachable: ", words));
}

}  // namespace millrace::cli
