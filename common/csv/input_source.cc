#include "common/csv/input_source.h"

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

constexpr absl::string_view kGzipMagic = "\x1f\x8b";

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenInputFile(absl::string_view path) {
  MILLRACE_ASSIGN_OR_RETURN(FileSource file, FileSource::Open(path));
  return std::make_unique<FileSource>(std::move(file));
}

absl::StatusOr<std::unique_ptr<InputSource>> InputSource::Open(absl::string_view path, const InputOpener& open) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> file, open(path));
  std::unique_ptr<InputSource> input = absl::WrapUnique(new InputSource(std::move(file)));
  std::string& head = input->file_.head;
  for (char byte; head.size() < kGzipMagic.size(); head += byte) {
    MILLRACE_ASSIGN_OR_RETURN(const size_t read, input->file_.source->Read(&byte, 1));
    if (read == 0) break;
  }
  if (head == kGzipMagic || absl::EndsWithIgnoreCase(path, ".gz"))
    input->gzip_ = std::make_unique<GzipReader>(input->file_, GzipMembers::kMany);
  return input;
}

absl::StatusOr<size_t> InputSource::Read(char* buffer, size_t n) {
  return gzip_ != nullptr ? gzip_->Read(buffer, n) : file_.Read(buffer, n);
}

absl::StatusOr<size_t> InputSource::CountedFile::Read(char* buffer, size_t n) {
  size_t read = std::min(n, head.size());
  if (read > 0) {
    std::memcpy(buffer, head.data(), read);
    head.erase(0, read);
  } else {
    MILLRACE_ASSIGN_OR_RETURN(read, source->Read(buffer, n));
  }
  bytes += static_cast<int64_t>(read);
  return read;
}

}  // namespace millrace
