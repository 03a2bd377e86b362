#include "coordinator/cli/inputs.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"
#include "common/input/row_reader.h"
#include "common/net/http_source.h"
#include "common/net/http_uri.h"
#include "coordinator/cli/spool.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

bool Exists(const std::string& path) {
  struct stat unused;
  return stat(path.c_str(), &unused) == 0;
}

bool IsPattern(absl::string_view word) { return word.find_first_of("*?[") != absl::string_view::npos; }

std::string LocalPath(absl::string_view word) {
  absl::ConsumePrefix(&word, "file://");
  return std::string(word);
}

std::string Absolute(const std::string& word, const std::string& folder) {
  const std::string path = LocalPath(word);
  const std::string absolute = AbsolutePath(path, folder);
  if (Exists(absolute) || !IsPattern(path) || path[0] == '/') return absolute;
  // Only what the user wrote is a pattern, not the folder it is relative to.
  const std::string escaped = absl::StrReplaceAll(folder, {{"*", "\\*"}, {"?", "\\?"}, {"[", "\\["}, {"\\", "\\\\"}});
  return AbsolutePath(path, escaped);
}

std::vector<std::string> Split(const std::vector<std::string>& words, const std::string& folder) {
  std::vector<std::string> parts;
  for (const std::string& word : words) {
    if (Exists(AbsolutePath(LocalPath(word), folder))) {
      parts.push_back(word);
      continue;
    }
    for (absl::string_view part : absl::StrSplit(word, ',', absl::SkipEmpty())) parts.emplace_back(part);
  }
  return parts;
}

std::vector<std::string> Expand(const std::string& pattern) {
  if (Exists(pattern) || !IsPattern(pattern)) return {pattern};
  glob_t found;
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  globfree(&found);
  return paths;
}

absl::Status InputError(const std::string& path, absl::string_view what, const std::string& folder) {
  return absl::InvalidArgumentError(absl::StrCat("--input: ", Printable(ShortPath(path, folder)), " ", what));
}

// The names of the pictures stand for the folder: one more or less is another input.
absl::StatusOr<InputFile> LookIntoFolder(const std::string& path) {
  MILLRACE_ASSIGN_OR_RETURN(const auto pictures, OpenImageFolder(path));
  Xxh3 names;
  for (InputRow row;;) {
    MILLRACE_ASSIGN_OR_RETURN(const bool more, pictures->Next(row));
    if (!more) break;
    names.Update(absl::StrCat(row.uri, absl::string_view("\0", 1)));
  }
  int64_t digest = 0;
  std::memcpy(&digest, names.Digest().data(), sizeof digest);
  return InputFile{absl::StrCat(path, "/"), pictures->rows(), digest, true};
}

absl::StatusOr<InputFile> Look(const std::string& path, const std::string& folder) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    if (errno == EACCES) return InputError(path, "may not be read (permission denied)", folder);
    return InputError(path, "does not exist", folder);
  }
  if (S_ISDIR(info.st_mode)) return LookIntoFolder(path);
  if (!S_ISREG(info.st_mode)) return InputError(path, "is not a regular file: pipe it in with --input -", folder);
  if (access(path.c_str(), R_OK) != 0) return InputError(path, "may not be read (permission denied)", folder);
  return InputFile{path, info.st_size, info.st_mtim.tv_sec * int64_t{1000000000} + info.st_mtim.tv_nsec};
}

absl::Status LookAtAll(const std::string& pattern, bool must_exist, const std::string& folder,
                       std::vector<InputFile>& files) {
  const std::vector<std::string> paths = Expand(pattern);
  if (paths.empty() && must_exist) return InputError(pattern, "matches no file", folder);
  for (const std::string& path : paths) {
    if (!must_exist && !Exists(path)) continue;  // a file of the workers' machines
    MILLRACE_ASSIGN_OR_RETURN(InputFile file, Look(path, folder));
    files.push_back(std::move(file));
  }
  return absl::OkStatus();
}

std::string FingerprintOf(const std::vector<InputFile>& files, bool with_times) {
  Xxh3 hash;
  for (const InputFile& file : files) {
    const int64_t time = with_times ? file.mtime_ns : 0;
    hash.Update(absl::StrCat(file.path, absl::string_view("\0", 1), file.size, " ", time, "\n"));
  }
  return hash.Digest();
}

// A copy of what is no file on this machine.
absl::StatusOr<ResolvedInputs> ResolveCopy(const std::string& path, const std::string& uri_base,
                                           const CliEnvironment& environment) {
  ResolvedInputs inputs;
  inputs.spooled = path;
  inputs.patterns = {path};
  inputs.uri_base = uri_base;
  MILLRACE_ASSIGN_OR_RETURN(InputFile file, Look(inputs.spooled, environment.current_folder));
  inputs.files = {file};
  // Its name is its content; the same bytes given again are the same job.
  inputs.fingerprint = FingerprintOf(inputs.files, false);
  return inputs;
}

// ".jsonl" of "https://host/a.jsonl.gz?sig=1"; ".csv" if it has none.
std::string ExtensionOf(absl::string_view uri) {
  uri = uri.substr(0, uri.find_first_of("?#"));
  absl::string_view name = uri.substr(uri.rfind('/') + 1);
  absl::ConsumeSuffix(&name, ".gz");
  const size_t dot = name.rfind('.');
  if (dot == absl::string_view::npos || dot + 1 == name.size() || name.size() - dot > 8) return ".csv";
  for (const char c : name.substr(dot + 1))
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) return ".csv";
  return std::string(name.substr(dot));
}

absl::StatusOr<ResolvedInputs> ResolveHttp(const std::string& uri, const std::string& stdin_folder,
                                           const CliEnvironment& environment, const HttpOptions& http) {
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<HttpSource> source, HttpSource::Open(http, uri));
  MILLRACE_ASSIGN_OR_RETURN(const std::string path, Spool(*source, ExtensionOf(uri), stdin_folder));
  return ResolveCopy(path, HttpFolderOf(uri), environment);
}

}  // namespace

absl::StatusOr<ResolvedInputs> ResolveInputs(const std::vector<std::string>& words, bool must_exist,
                                             const std::string& stdin_folder, const CliEnvironment& environment,
                                             const HttpOptions& http) {
  // As a whole: a URI may have commas.
  if (words.size() == 1 && IsHttpUri(words[0])) return ResolveHttp(words[0], stdin_folder, environment, http);
  const std::string& folder = environment.current_folder;
  const std::vector<std::string> parts = Split(words, folder);
  if (parts.empty()) return absl::InvalidArgumentError("--input: no file is named");
  if (parts == std::vector<std::string>{"-"}) {
    MILLRACE_ASSIGN_OR_RETURN(const std::string path, SpoolStandardInput(*environment.in, stdin_folder));
    return ResolveCopy(path, folder, environment);
  }
  ResolvedInputs inputs;
  for (const std::string& part : parts) {
    if (part == "-") return absl::InvalidArgumentError("--input: standard input (-) cannot be mixed with files");
    if (IsHttpUri(part))
      return absl::InvalidArgumentError("--input: a list on the network cannot be mixed with others");
    inputs.patterns.push_back(Absolute(part, folder));
    MILLRACE_RETURN_IF_ERROR(LookAtAll(inputs.patterns.back(), must_exist, folder, inputs.files));
  }
  inputs.fingerprint = FingerprintOf(inputs.files, true);
  return inputs;
}

}  // namespace millrace::cli
