#include "coordinator/cli/dry_run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/input/row_reader.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/invocation.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

constexpr int kRowsTried = 100;
constexpr size_t kRowsShown = 3;

struct Peek {
  std::string format;              // "CSV, the first line is the header"
  std::vector<std::string> shown;  // the first rows as they are understood
  int tried = 0;
  int unusable = 0;
  std::string first_problem;  // "images.csv:12: row/ragged (4 cells, the header has 3)"
};

void PeekAt(const InputRow& row, absl::string_view name, Peek& peek) {
  ++peek.tried;
  if (row.reason.empty()) {
    const std::string split = row.split.empty() ? "(by hash)" : Printable(row.split);
    const std::string label = row.has_label ? Printable(row.label) : "(no label)";
    if (peek.shown.size() < kRowsShown)
      peek.shown.push_back(absl::StrCat(split, "  ", Printable(row.uri), "  ", label));
    return;
  }
  if (peek.unusable++ == 0)
    peek.first_problem =
        absl::StrCat(Printable(name), ":", row.line, ": ", row.reason, " (", Printable(row.detail), ")");
}

absl::StatusOr<Peek> PeekInto(const InputFile& file, const std::string& folder, const InputOptions& options) {
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<RowReader> reader, OpenInput(file.path, options));
  Peek peek;
  peek.format = reader->Description();
  for (InputRow row; peek.tried < kRowsTried;) {
    MILLRACE_ASSIGN_OR_RETURN(const bool more, reader->Next(row));
    if (!more) break;
    PeekAt(row, ShortPath(file.path, folder), peek);
  }
  return peek;
}

// The nearest folder that exists must let us make the rest.
absl::Status CheckWritable(const std::string& output) {
  std::filesystem::path path = output;
  struct stat info;
  while (stat(path.c_str(), &info) != 0) path = path.parent_path();
  if (!S_ISDIR(info.st_mode))
    return absl::InvalidArgumentError(absl::StrCat("--output: ", Printable(path.string()), " is a file"));
  if (access(path.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--output: no permission to write in ", Printable(path.string())));
}

// What would become of the output folder.
absl::StatusOr<std::string> OutputFate(const ConvertSpec& spec, const std::string& job_id, const Store& store) {
  MILLRACE_RETURN_IF_ERROR(CheckWritable(spec.output()));
  MILLRACE_ASSIGN_OR_RETURN(const auto entries, store.List(spec.output()));
  if (entries.empty()) return std::string("new");
  const std::string owner = ClaimOwner(store, spec.output());
  if (IsJobOrRepetition(owner, job_id)) return std::string("begun by this job: it would be continued");
  if (spec.overwrite() && !owner.empty())
    return absl::StrCat("the dataset of job ", Printable(owner), " would be replaced");
  const std::string holder = owner.empty()
                                 ? "holds files that are not a Millrace dataset"
                                 : absl::StrCat("belongs to job ", Printable(owner), " (--overwrite replaces it)");
  return absl::InvalidArgumentError(absl::StrCat("--output: ", Printable(spec.output()), " ", holder));
}

std::string Shards(const ConvertSpec& spec) {
  if (spec.num_shards() > 0) return absl::StrCat(spec.num_shards(), " a split");
  return absl::StrCat("of about ", FormatByteSize(spec.shard_size_bytes() > 0 ? spec.shard_size_bytes() : 128 * kMiB));
}

std::string Inputs(const ResolvedInputs& inputs) {
  int64_t files = 0, bytes = 0, pictures = 0;
  for (const InputFile& file : inputs.files) {
    files += file.folder ? 0 : 1;
    (file.folder ? pictures : bytes) += file.size;
  }
  std::vector<std::string> parts;
  if (files > 0) parts.push_back(absl::StrCat(Count(files, "file"), ", ", FormatByteSize(bytes)));
  if (pictures > 0) parts.push_back(absl::StrCat(Count(pictures, "picture"), " in folders"));
  return absl::StrJoin(parts, "; ");
}

}  // namespace

int DryRun(const JobSpec& job, const ResolvedInputs& inputs, const std::string& job_id, const OutputView& output,
           const Store& store, const CliEnvironment& environment) {
  const ConvertSpec& spec = job.convert();
  if (FinishedBefore(store, job, job_id)) {
    *environment.out << "up to date: nothing would be done" << std::endl;
    return kDone;
  }
  std::vector<std::string> text;
  for (const InputFile& file : inputs.files) {
    const auto peek = PeekInto(file, environment.current_folder, InputOptionsOf(spec));
    if (!peek.ok())
      return Fail(environment,
                  absl::InvalidArgumentError(ShortenPathsIn(peek.status().message(), environment.current_folder)));
    text.push_back(absl::StrCat(
        Printable(ShortPath(file.path, environment.current_folder)), "\n",
        Facts({{"  format", peek->format},
               {"  first rows", absl::StrJoin(peek->shown, "\n              ")},
               {"  not usable", peek->unusable > 0 ? absl::StrCat(peek->unusable, " of the first ", peek->tried,
                                                                  " rows; ", peek->first_problem)
                                                   : ""}})));
  }
  const auto fate = output.visible ? OutputFate(spec, job_id, store) : std::string("not visible from this machine");
  if (!fate.ok()) return Fail(environment, absl::InvalidArgumentError(fate.status().message()));
  *environment.out << absl::StrJoin(text, "")
                   << Facts({{"job", job_id},
                             {"inputs", Inputs(inputs)},
                             {"output", absl::StrCat(Printable(ShortPath(spec.output(), environment.current_folder)),
                                                     " (", *fate, ")")},
                             {"shards", Shards(spec)}})
                   << "dry run: nothing was written" << std::endl;
  return kDone;
}

}  // namespace millrace::cli
