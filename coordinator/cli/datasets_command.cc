// `millrace datasets inspect|verify|stats`.
#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/dataset/inspect.h"
#include "common/dataset/layout.h"
#include "common/dataset/statistics.h"
#include "common/dataset/verify.h"
#include "coordinator/cli/dataset_text.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/invocation.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

struct DatasetFlags {
  std::string folder;
  std::string split = "TRAIN";
  int64_t records = 1;
  std::string output;
  std::string montage;
  int threads = 0;
  bool decode = false;
  std::string format = "text";
};

using DatasetAction = int (*)(const DatasetFlags&, const std::string& folder, const CliEnvironment&);

int Inspect(const DatasetFlags& flags, const std::string& folder, const CliEnvironment& environment) {
  InspectOptions options;
  options.records = flags.records;
  options.output = AbsolutePath(flags.output, environment.current_folder);
  if (!flags.montage.empty()) options.montage = AbsolutePath(flags.montage, environment.current_folder);
  if (!ParseSplitName(absl::AsciiStrToUpper(flags.split), options.split))
    return Fail(environment, absl::InvalidArgumentError("--split: must be TRAIN, VALIDATION or TEST"));
  const auto result = InspectDataset(*environment.make_store(), folder, options);
  if (!result.ok()) return Fail(environment, result.status());
  *environment.out << (flags.format == "json" ? InspectJson(*result)
                                              : InspectText(*result, environment.current_folder));
  return kDone;
}

int Verify(const DatasetFlags& flags, const std::string& folder, const CliEnvironment& environment) {
  VerifyOptions options;
  options.threads = flags.threads;
  options.decode = flags.decode;
  const auto report = VerifyDataset(*environment.make_store(), folder, options);
  if (!report.ok()) {
    // Asked whether a dataset is whole: one that cannot be judged is not.
    Fail(environment, report.status());
    return absl::IsInvalidArgument(report.status()) ? kUsage : kFailed;
  }
  if (flags.format == "json") *environment.out << VerifyJson(*report, folder) << "\n";
  if (!report->ok()) *environment.err << ProblemLines(*report, ShortPath(folder, environment.current_folder));
  if (flags.format != "json" && report->ok())
    *environment.out << VerifyText(*report, ShortPath(folder, environment.current_folder));
  return report->ok() ? kDone : kFailed;
}

int Stats(const DatasetFlags& flags, const std::string& folder, const CliEnvironment& environment) {
  const auto statistics = ReadStatistics(*environment.make_store(), folder);
  if (!statistics.ok()) return Fail(environment, statistics.status());
  *environment.out << (flags.format == "json" ? StatisticsText(*statistics) : StatsText(*statistics));
  return kDone;
}

CLI::App& AddDataset(CLI::App& datasets, Invocation& invocation, const std::string& name, const std::string& help,
                     const std::shared_ptr<DatasetFlags>& flags, DatasetAction action) {
  CLI::App& command = *datasets.add_subcommand(name, help);
  command.add_option("DIR", flags->folder, "The dataset's folder")->type_name("")->required();
  AddFormat(command, flags->format);
  command.callback([&invocation, flags, action] {
    invocation.run = [&invocation, flags, action] {
      const CliEnvironment& environment = invocation.environment;
      const int code = action(*flags, AbsolutePath(flags->folder, environment.current_folder), environment);
      environment.out->flush();
      environment.err->flush();
      return code;
    };
  });
  return command;
}

}  // namespace

void AddDatasets(CLI::App& app, Invocation& invocation) {
  const auto flags = std::make_shared<DatasetFlags>();
  CLI::App& datasets =
      *app.add_subcommand("datasets", "Look into finished datasets and prove them whole")->alias("dataset");
  datasets.require_subcommand(1);
  AddExamples(datasets,
              "millrace datasets verify dataset\nmillrace datasets stats dataset\n"
              "millrace datasets inspect dataset --split TRAIN --records 5 --output shown");
  CLI::App& inspect =
      AddDataset(datasets, invocation, "inspect", "Show records back as PNG pictures and a data.csv", flags, Inspect);
  inspect.add_option("--split", flags->split, "TRAIN (default), VALIDATION or TEST")->type_name("SPLIT");
  inspect.add_option("--records", flags->records, "How many, from the first (default 1)")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}).description(""));
  inspect.add_option("--output", flags->output, "Folder for the pictures")->type_name("OUTDIR")->required();
  inspect
      .add_option("--montage", flags->montage,
                  "Also write a contact sheet: the first 1,024 of the pictures, made small, in one PNG")
      ->type_name("FILE.png");
  AddExamples(inspect,
              "millrace datasets inspect dataset --split TRAIN --records 5 --output shown\n"
              "millrace datasets inspect dataset --records 100 --output shown --montage shown/sheet.png");
  CLI::App& verify =
      AddDataset(datasets, invocation, "verify",
                 "Read every byte and check it against the manifest: exit 0 if whole, 1 if not", flags, Verify);
  verify.add_option("--threads", flags->threads, "Cores to use (default: all)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  verify.add_flag("--decode", flags->decode, "Also decode every picture of the payloads jpeg and png");
  AddExamples(verify, "millrace datasets verify dataset --format json");
  AddExamples(AddDataset(datasets, invocation, "stats", "Rows, labels and sizes by split", flags, Stats),
              "millrace datasets stats dataset");
}

}  // namespace millrace::cli
