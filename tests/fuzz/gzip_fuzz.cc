// Any bytes as a gzip stream: an error or an end, never a crash, and what is taken is what zlib reads; what we compress
// comes back, whatever the cut.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/io/gzip_reader.h"
#include "common/io/gzip_writer.h"

namespace millrace {
namespace {

constexpr size_t kMost = 4 << 20;  // of inflated bytes: a bomb streams on

bool Inflate(absl::string_view bytes, GzipMembers members, std::string& text) {
  MemorySource source(bytes);
  GzipReader reader(source, members);
  char buffer[4096];
  while (text.size() < kMost) {
    absl::StatusOr<size_t> n = reader.Read(buffer, sizeof buffer);
    if (!n.ok()) return false;
    if (*n == 0) return true;
    text.append(buffer, *n);
  }
  return true;
}

// The one member that `bytes` are must be `text` for zlib too, with nothing behind it.
void CompareWithZlib(absl::string_view bytes, absl::string_view text) {
  z_stream stream = {};
  if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) std::abort();
  std::string out(text.size() + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (inflate(&stream, Z_FINISH) != Z_STREAM_END || stream.avail_in != 0) std::abort();
  if (out.substr(0, stream.total_out) != text) std::abort();
  inflateEnd(&stream);
}

void RoundTrip(absl::string_view text, GzipEffort effort) {
  StringSink sink;
  auto writer = NewGzipWriter(effort, sink);
  const size_t cut = text.empty() ? 0 : static_cast<unsigned char>(text[0]) % text.size();
  std::string back;
  const bool written =
      writer->Append(text.substr(0, cut)).ok() && writer->Append(text.substr(cut)).ok() && writer->Finish().ok();
  if (!written || !Inflate(sink.bytes(), GzipMembers::kOne, back) || back != text) std::abort();
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string text;
  const bool whole = millrace::Inflate(bytes, millrace::GzipMembers::kOne, text) && text.size() < millrace::kMost;
  if (whole) millrace::CompareWithZlib(bytes, text);
  text.clear();
  millrace::Inflate(bytes, millrace::GzipMembers::kMany, text);
  millrace::RoundTrip(bytes, millrace::GzipEffort::kBalanced);
  millrace::RoundTrip(bytes, millrace::GzipEffort::kSmall);
  return 0;
}
