#include "common/io/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace millrace {
namespace {

constexpr size_t kPiece = size_t{1} << 30;  // crc32_iscsi counts with an int

}  // namespace

uint32_t Crc32c(absl::string_view bytes, uint32_t crc) {
  crc = ~crc;
  while (!bytes.empty()) {
    size_t n = std::min(bytes.size(), kPiece);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    crc = crc32_iscsi(data, static_cast<int>(n), crc);
    bytes.remove_prefix(n);
  }
  return ~crc;
}

}  // namespace millrace
