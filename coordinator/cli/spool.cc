#include "coordinator/cli/spool.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/daemon.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/state_folder.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

struct Copied {
  std::string hash;
  bool gzip = false;
};

absl::StatusOr<Copied> Copy(std::istream& in, FILE* file, const std::string& path) {
  std::vector<char> buffer(1 << 20);
  Xxh3 hash;
  Copied copied;
  for (bool first = true; in.good(); first = false) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const absl::string_view bytes(buffer.data(), static_cast<size_t>(in.gcount()));
    if (first) copied.gzip = absl::StartsWith(bytes, "\x1f\x8b");
    hash.Update(bytes);
    if (fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size())
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot keep standard input in ", Printable(path)));
  }
  if (in.bad()) return absl::UnavailableError("cannot read standard input");
  if (fflush(file) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", Printable(path)));
  copied.hash = ToHex(hash.Digest());
  return copied;
}

}  // namespace

absl::StatusOr<std::string> SpoolStandardInput(std::istream& in, const std::string& folder) {
  MILLRACE_RETURN_IF_ERROR(MakeFolder(folder));
  const std::string temporary = absl::StrCat(folder, "/", RandomHex(8), ".tmp");
  FILE* file = fopen(temporary.c_str(), "wxe");
  if (file == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", Printable(temporary)));
  absl::Cleanup remove = [&] { unlink(temporary.c_str()); };
  const auto copied = Copy(in, file, temporary);
  if (fclose(file) != 0 && copied.ok()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", temporary));
  if (!copied.ok()) return copied.status();
  const std::string path = absl::StrCat(folder, "/", copied->hash, copied->gzip ? ".csv.gz" : ".csv");
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", Printable(path)));
  return path;
}

}  // namespace millrace::cli
