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

constexpr absl::string_view kGzipMagic = "\x1f\x8b";

struct Copied {
  std::string hash;
  bool gzip = false;
};

class StreamSource : public ByteSource {
 public:
  explicit StreamSource(std::istream& in) : in_(in) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t n) override {
    in_.read(buffer, static_cast<std::streamsize>(n));
    if (in_.bad()) return absl::UnavailableError("cannot read standard input");
    return static_cast<size_t>(in_.gcount());
  }

 private:
  std::istream& in_;
};

absl::StatusOr<Copied> Copy(ByteSource& in, FILE* file, const std::string& path) {
  std::vector<char> buffer(1 << 20);
  Xxh3 hash;
  std::string head;
  for (;;) {
    MILLRACE_ASSIGN_OR_RETURN(const size_t n, in.Read(buffer.data(), buffer.size()));
    if (n == 0) break;
    const absl::string_view bytes(buffer.data(), n);
    if (head.size() < kGzipMagic.size()) head += std::string(bytes.substr(0, kGzipMagic.size()));
    hash.Update(bytes);
    if (fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size())
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot keep the input in ", Printable(path)));
  }
  if (fflush(file) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", Printable(path)));
  return Copied{ToHex(hash.Digest()), absl::StartsWith(head, kGzipMagic)};
}

}  // namespace

absl::StatusOr<std::string> SpoolStandardInput(std::istream& in, const std::string& folder) {
  StreamSource source(in);
  return Spool(source, ".csv", folder);
}

absl::StatusOr<std::string> Spool(ByteSource& in, absl::string_view extension, const std::string& folder) {
  MILLRACE_RETURN_IF_ERROR(MakeFolder(folder));
  const std::string temporary = absl::StrCat(folder, "/", RandomHex(8), ".tmp");
  FILE* file = fopen(temporary.c_str(), "wxe");
  if (file == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", Printable(temporary)));
  absl::Cleanup remove = [&] { unlink(temporary.c_str()); };
  const auto copied = Copy(in, file, temporary);
  if (fclose(file) != 0 && copied.ok()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", temporary));
  if (!copied.ok()) return copied.status();
  const std::string path = absl::StrCat(folder, "/", copied->hash, extension, copied->gzip ? ".gz" : "");
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", Printable(path)));
  return path;
}

}  // namespace millrace::cli
