#include "common/record/record_writer.h"

#include <cstring>

#include "common/base/status_macros.h"
#include "common/io/crc32c.h"

namespace millrace {

absl::Status AppendRecord(absl::string_view record, ByteSink& sink) {
  char header[sizeof(uint64_t) + sizeof(uint32_t)];
  const uint64_t length = record.size();
  std::memcpy(header, &length, sizeof length);
  uint32_t crc = MaskCrc32c(Crc32c(absl::string_view(header, sizeof length)));
  std::memcpy(header + sizeof length, &crc, sizeof crc);
  MILLRACE_RETURN_IF_ERROR(sink.Append(absl::string_view(header, sizeof header)));
  MILLRACE_RETURN_IF_ERROR(sink.Append(record));
  crc = MaskCrc32c(Crc32c(record));
  return sink.Append(absl::string_view(reinterpret_cast<const char*>(&crc), sizeof crc));
}

}  // namespace millrace
