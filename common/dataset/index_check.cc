#include "common/dataset/index_check.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/io/crc32c.h"

namespace millrace {
namespace {

constexpr int64_t kHeader = sizeof(uint64_t) + sizeof(uint32_t);
constexpr int64_t kFrame = kHeader + sizeof(uint32_t);

// Of the record whose frame begins at `offset`, with its frame; −1 if none begins there.
absl::StatusOr<int64_t> FrameSizeAt(const Source& shard, int64_t offset) {
  char header[kHeader];
  if (shard.size() - offset < kFrame) return -1;
  MILLRACE_RETURN_IF_ERROR(shard.ReadAt(offset, sizeof header, header));
  uint64_t length = 0;
  uint32_t crc = 0;
  std::memcpy(&length, header, sizeof length);
  std::memcpy(&crc, header + sizeof length, sizeof crc);
  const bool whole = crc == MaskCrc32c(Crc32c(absl::string_view(header, sizeof length))) &&
                     length <= static_cast<uint64_t>(shard.size() - offset - kFrame);
  return whole ? static_cast<int64_t>(length) + kFrame : -1;
}

}  // namespace

absl::StatusOr<std::string> DifferenceToShard(absl::string_view index, const Source& shard) {
  int64_t offset = 0;
  for (int64_t line = 1; offset < shard.size(); ++line) {
    MILLRACE_ASSIGN_OR_RETURN(const int64_t size, FrameSizeAt(shard, offset));
    if (size < 0) return absl::StrCat("the shard has no record at byte ", WithThousands(offset), ", line ", line);
    const std::string expected = absl::StrCat(offset, " ", size, "\n");
    if (index.substr(0, expected.size()) != expected) {
      return absl::StrCat("line ", line, " is '", JsonEscape(index.substr(0, std::min<size_t>(index.find('\n'), 40))),
                          "', the shard's record is '", offset, " ", size, "'");
    }
    index.remove_prefix(expected.size());
    offset += size;
  }
  return index.empty() ? "" : "it has more lines than the shard has records";
}

}  // namespace millrace
