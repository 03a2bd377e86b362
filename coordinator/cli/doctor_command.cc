// `millrace doctor`: its flags and how findings are shown.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "coordinator/cli/doctor.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/invocation.h"

namespace millrace::cli {
namespace {

constexpr absl::string_view kWords[] = {"ok", "warn", "fail"};

std::string Word(Health health) { return std::string(kWords[static_cast<int>(health)]); }

}  // namespace

std::string FindingsText(const std::vector<Finding>& findings) {
  size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.check.size());
  std::string text;
  for (const Finding& finding : findings) {
    const std::string word = Word(finding.health);
    absl::StrAppend(&text, word, std::string(6 - word.size(), ' '), finding.check,
                    std::string(width + 2 - finding.check.size(), ' '), finding.found, "\n");
    if (!finding.advice.empty()) absl::StrAppend(&text, "        try: ", finding.advice, "\n");
  }
  return text;
}

std::string FindingsJson(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings)
    absl::StrAppend(&text, text.empty() ? "" : ",", "{\"health\":\"", Word(finding.health), "\",\"check\":\"",
                    JsonEscape(finding.check), "\",\"found\":\"", JsonEscape(finding.found), "\",\"advice\":\"",
                    JsonEscape(finding.advice), "\"}");
  return absl::StrCat("{\"health\":\"", Word(Worst(findings)), "\",\"findings\":[", text, "]}\n");
}

Health Worst(const std::vector<Finding>& findings) {
  Health worst = Health::kOk;
  for (const Finding& finding : findings) worst = std::max(worst, finding.health);
  return worst;
}

void AddDoctor(CLI::App& app, Invocation& invocation) {
  struct Flags {
    CoordinatorFlags coordinator;
    std::string format = "text";
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App& command = *app.add_subcommand("doctor", "Check this machine: each line ok, warn or fail, and what to do");
  AddCoordinator(command, flags->coordinator.address);
  AddFormat(command, flags->format);
  AddExamples(command, "millrace doctor\nmillrace doctor --coordinator gpu1:7070");
  command.callback([&invocation, flags] {
    invocation.run = [&invocation, flags] {
      const auto findings = Examine(flags->coordinator, invocation.environment);
      *invocation.environment.out << (flags->format == "json" ? FindingsJson(findings) : FindingsText(findings))
                                  << std::flush;
      return Worst(findings) == Health::kFail ? kFailed : kDone;
    };
  });
}

}  // namespace millrace::cli
