// What `--input` names: files, patterns, standard input, a list on the network; made absolute and, as far as this
// machine can see them, looked at. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/net/http_fetcher.h"
#include "coordinator/cli/cli.h"

namespace millrace::cli {

struct InputFile {
  std::string path;      // of a folder with '/' at its end
  int64_t size = 0;      // bytes; of a folder, pictures
  int64_t mtime_ns = 0;  // of a folder, a digest of the pictures' names
  bool folder = false;
};

struct ResolvedInputs {
  std::vector<std::string> patterns;  // absolute files and patterns, as the job gets them
  std::string
      uri_base;  // where relative images lie, if not beside their list: the current folder, or "https://host/lists"
  std::string spooled;           // the file that holds what was piped in or fetched, or empty
  std::vector<InputFile> files;  // what the patterns mean on this machine, in order
  std::string fingerprint;       // over `files`: another input is another job. 16 bytes
};

// Splits at commas (unless a file of that name exists) and resolves against the current folder. "-" copies standard
// input to `stdin_folder`, in a file named by its content. INVALID_ARGUMENT names what cannot be an input: a folder
// without pictures, a FIFO, an unreadable file, and, with `must_exist`, a name or pattern that matches nothing.
// An http(s) URI is copied there in the same way, under the rules of `http`; errors are HttpSource's.
absl::StatusOr<ResolvedInputs> ResolveInputs(const std::vector<std::string>& words, bool must_exist,
                                             const std::string& stdin_folder, const CliEnvironment& environment,
                                             const HttpOptions& http = {});

}  // namespace millrace::cli
