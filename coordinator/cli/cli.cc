#include "coordinator/cli/cli.h"

#include <CLI/CLI.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/version.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/invocation.h"
#include "coordinator/cli/text.h"

namespace millrace {
namespace cli {
namespace {

// The subcommand that was being parsed, as typed: "millrace jobs watch".
std::string CommandPath(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app.get_name() : absl::StrCat(app.get_name(), " ", CommandPath(*chosen[0]));
}

void AddCommands(CLI::App& app, Invocation& invocation) {
  app.name("millrace");
  app.set_version_flag("--version", absl::StrCat("millrace ", std::string(kVersion)));
  app.require_subcommand(1);
  AddConvert(app, invocation);
  AddJobs(app, invocation);
  AddWorkers(app, invocation);
  AddUpDown(app, invocation);
  AddDoctor(app, invocation);
  AddDatasets(app, invocation);
  AddExamples(app,
              "millrace convert --input images.csv --output dataset\n"
              "millrace datasets verify dataset\n"
              "Each command has its own help and examples: millrace convert --help\n"
              "Exit codes: 0 done, 1 the job failed, 2 usage, 3 coordinator not reachable, 130 interrupted");
}

int UsageError(const CLI::App& app, const CLI::ParseError& error, const CliEnvironment& environment) {
  std::string message(absl::StripAsciiWhitespace(error.what()));
  // "A subcommand is required" hides the word that is none.
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  if (error.get_name() == "RequiredError" && !unknown.empty() && unknown[0][0] != '-')
    message = absl::StrCat("there is no command ", unknown[0]);
  *environment.err << "error: " << Printable(message) << "\n  try: " << CommandPath(app) << " --help" << std::endl;
  return kUsage;
}

int Parse(CLI::App& app, int argc, const char* const* argv, const CliEnvironment& environment) {
  try {
    app.parse(argc, argv);
    return kDone;
  } catch (const CLI::Success& wanted) {  // --help, --version
    app.exit(wanted, *environment.out, *environment.err);
    environment.out->flush();
    return -1;
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error, environment);
  }
}

}  // namespace
}  // namespace cli

int RunCli(int argc, const char* const* argv, const CliEnvironment& environment) {
  CLI::App app("From a CSV of image URIs to a dataset of TFRecords, on machines that you own.");
  cli::Invocation invocation{environment, nullptr};
  cli::AddCommands(app, invocation);
  const int parsed = cli::Parse(app, argc, argv, environment);
  if (parsed != cli::kDone) return parsed < 0 ? cli::kDone : parsed;
  return invocation.run();
}

}  // namespace millrace
