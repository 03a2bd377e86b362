// `millrace datasets inspect|verify|stats|list-images`.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
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
#include "coordinator/cli/list_images.h"
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

// A CSV that is only half there must not look whole: it gets its name when it is complete.
int WriteList(const DatasetFlags& flags, const std::string& folder, const CliEnvironment& environment) {
  const std::string path = AbsolutePath(flags.output, environment.current_folder);
  const std::string partial = absl::StrCat(path, ".part");
  std::string warnings;
  std::ofstream csv(partial, std::ios::binary | std::ios::trunc);
  absl::StatusOr<int64_t> rows = ListImages(folder, path.substr(0, path.rfind('/')), csv, warnings);
  csv.close();
  if (rows.ok() && (csv.fail() || std::rename(partial.c_str(), path.c_str()) != 0))
    rows = absl::UnavailableError(absl::StrCat("--output: cannot write ", Printable(flags.output)));
  if (!rows.ok()) {
    std::remove(partial.c_str());
    return Fail(environment, rows.status());
  }
  if (!warnings.empty()) *environment.err << "warning: " << ShortenPathsIn(warnings, environment.current_folder);
  *environment.out << Count(*rows, "picture") << " listed in " << Printable(flags.output) << "\n";
  return kDone;
}

int List(const DatasetFlags& flags, const std::string& folder, const CliEnvironment& environment) {
  if (flags.output != "-") return WriteList(flags, folder, environment);
  std::string warnings;
  const auto rows = ListImages(folder, environment.current_folder, *environment.out, warnings);
  if (!rows.ok()) return Fail(environment, rows.status());
  if (!warnings.empty()) *environment.err << "warning: " << ShortenPathsIn(warnings, environment.current_folder);
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
  CLI::App& list =
      AddDataset(datasets, invocation, "list-images",
                 "Make the CSV of a folder of pictures, <split>/<label>/<file> or <label>/<file>", flags, List);
  list.add_option("--output", flags->output, "The CSV, or - for standard output")->type_name("FILE")->required();
  AddExamples(list, "millrace datasets list-images photos --output photos.csv");
  AddExamples(AddDataset(datasets, invocation, "stats", "Rows, labels and sizes by split", flags, Stats),
              "millrace datasets stats dataset");
}

}  // namespace millrace::cli
