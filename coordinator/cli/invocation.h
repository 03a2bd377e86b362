// What command families share: the parsed command's action, output formats, error lines. CLI11 appears only in .cc
// files.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coordinator/cli/cli.h"
#include "coordinator/cli/which_coordinator.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace millrace::cli {

// Filled while parsing: `run` is what the chosen subcommand does. The environment is borrowed.
struct Invocation {
  const CliEnvironment& environment;
  std::function<int()> run;
};

// Each adds its subcommands to `app`; when one is parsed it sets invocation.run.
void AddConvert(CLI::App& app, Invocation& invocation);
void AddJobs(CLI::App& app, Invocation& invocation);
void AddWorkers(CLI::App& app, Invocation& invocation);
void AddUpDown(CLI::App& app, Invocation& invocation);
void AddDoctor(CLI::App& app, Invocation& invocation);
void AddDatasets(CLI::App& app, Invocation& invocation);

// --format text|json into `format`; --coordinator H:P into `address`.
CLI::Option* AddFormat(CLI::App& command, std::string& format);
CLI::Option* AddCoordinator(CLI::App& command, std::string& address);
// The footer of a help text: examples, one a line.
void AddExamples(CLI::App& command, absl::string_view examples);

// "error: …" and, unless empty, "  try: …" on err; returns the exit code of the status.
int Fail(const CliEnvironment& environment, const absl::Status& status, absl::string_view advice = "");

}  // namespace millrace::cli
