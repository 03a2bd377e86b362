#include "common/dataset/shard_reader.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/io/buffered_source.h"
#include "common/io/crc32c.h"
#include "common/io/gzip_reader.h"

namespace millrace {

absl::StatusOr<size_t> DigestingSource::Read(char* buffer, size_t n) {
  n = static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(n), source_->size() - position_));
  if (n == 0) return 0;
  MILLRACE_RETURN_IF_ERROR(source_->ReadAt(position_, n, buffer));
  if (digest_ == FileDigest::kAll) {
    const absl::string_view bytes(buffer, n);
    crc32c_ = Crc32c(bytes, crc32c_);
    xxh3_.Update(bytes);
  }
  position_ += static_cast<int64_t>(n);
  return n;
}

absl::Status DigestingSource::Drain() {
  std::vector<char> buffer(256 * kKiB);
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const size_t got, Read(buffer.data(), buffer.size()));
    if (got == 0) return absl::OkStatus();
  }
}

bool IsGzipName(absl::string_view name) { return absl::EndsWith(name, ".gz"); }

ShardReader::ShardReader(std::unique_ptr<Source> source, bool gzip, FileDigest digest)
    : file_(std::move(source), digest),
      stream_(gzip ? std::unique_ptr<ByteSource>(std::make_unique<GzipReader>(file_))
                   : std::make_unique<BufferedSource>(file_)),
      records_(*stream_) {}

absl::StatusOr<std::unique_ptr<ShardReader>> ShardReader::Open(const Store& store, absl::string_view path,
                                                               FileDigest digest) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Source> source, store.Open(path));
  return std::unique_ptr<ShardReader>(new ShardReader(std::move(source), IsGzipName(path), digest));
}

}  // namespace millrace
