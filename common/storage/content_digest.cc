#include "common/storage/content_digest.h"

#include <algorithm>
#include <vector>

#include "common/base/status_macros.h"
#include "common/io/crc32c.h"

namespace millrace {

void ContentDigest::Update(absl::string_view bytes) {
  size_ += static_cast<int64_t>(bytes.size());
  crc32c_ = Crc32c(bytes, crc32c_);
  hash_.Update(bytes);
}

void ContentDigest::Describe(PreparedFile& file) const {
  file.set_size(size_);
  file.set_crc32c(crc32c_);
  file.set_xxh3_128(hash_.Digest());
}

absl::StatusOr<bool> HasContentOf(const Source& source, const PreparedFile& file) {
  if (source.size() != file.size()) return false;
  std::vector<char> buffer(std::min<int64_t>(file.size(), int64_t{1} << 20));
  Xxh3 hash;
  for (int64_t offset = 0; offset < file.size();) {
    const auto n = static_cast<size_t>(std::min<int64_t>(file.size() - offset, buffer.size()));
    MILLRACE_RETURN_IF_ERROR(source.ReadAt(offset, n, buffer.data()));
    hash.Update({buffer.data(), n});
    offset += static_cast<int64_t>(n);
  }
  return hash.Digest() == file.xxh3_128();
}

}  // namespace millrace
