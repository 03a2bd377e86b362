#include "worker/pipeline/image_text.h"

#include <algorithm>

#include "common/base/status_macros.h"
#include "common/io/crc32c.h"
#include "common/record/base64.h"

namespace millrace {

absl::Status ImageText::Append(absl::Span<const uint8_t> pixels) {
  while (!pixels.empty()) {
    if (carried_ == 0 && pixels.size() >= 3 && out_.Room().size() >= 4) {
      MILLRACE_RETURN_IF_ERROR(AppendGroups(pixels));
      continue;
    }
    // A group that is cut by the end of a piece or of a block.
    carry_[carried_++] = pixels.front();
    pixels.remove_prefix(1);
    if (carried_ < 3) continue;
    MILLRACE_RETURN_IF_ERROR(AppendGroup(carry_, 3));
    carried_ = 0;
  }
  return absl::OkStatus();
}

absl::Status ImageText::Finish() {
  const size_t n = carried_;
  carried_ = 0;
  return n == 0 ? absl::OkStatus() : AppendGroup(carry_, n);
}

// As many whole groups as the block has room for.
absl::Status ImageText::AppendGroups(absl::Span<const uint8_t>& pixels) {
  absl::Span<char> room = out_.Room();
  const size_t groups = std::min(room.size() / 4, pixels.size() / 3);
  Base64UrlEncode(pixels.data(), groups * 3, room.data());
  crc_ = Crc32c(absl::string_view(room.data(), groups * 4), crc_);
  pixels.remove_prefix(groups * 3);
  return out_.Advance(groups * 4);
}

absl::Status ImageText::AppendGroup(const uint8_t* bytes, size_t n) {
  char text[4];
  Base64UrlEncode(bytes, n, text);
  crc_ = Crc32c(absl::string_view(text, sizeof text), crc_);
  return out_.Append(absl::string_view(text, sizeof text));
}

}  // namespace millrace
