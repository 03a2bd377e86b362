#include "coordinator/cli/invocation.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {

CLI::Option* AddFormat(CLI::App& command, std::string& format) {
  return command.add_option("--format", format, "How the result is written to stdout: text (default) or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}).description(""));
}

CLI::Option* AddCoordinator(CLI::App& command, std::string& address) {
  return command
      .add_option("--coordinator", address,
                  "Coordinator to use; default: $MILLRACE_COORDINATOR, else the one started by `millrace up`")
      ->type_name("HOST:PORT");
}

void AddExamples(CLI::App& command, absl::string_view examples) {
  command.footer(absl::StrCat("Examples:\n  ", absl::StrReplaceAll(examples, {{"\n", "\n  "}})));
}

int Fail(const CliEnvironment& environment, const absl::Status& status, absl::string_view advice) {
  const std::string message = ShortenPathsIn(status.message(), environment.current_folder);
  *environment.err << "error: " << Printable(message) << "\n";
  if (!advice.empty()) *environment.err << "  try: " << std::string(advice) << "\n";
  environment.err->flush();
  return ExitCodeOf(status);
}

}  // namespace millrace::cli
