// Any stream with any hints, cut anywhere: it comes back, all kernels agree, and noise grows by a little only.
//   input: count of hints │ hints (position, row, length: 3 × u16) │ how often the rest is repeated │ the rest
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "common/deflate/pixel_deflate_writer.h"
#include "common/io/byte_stream.h"
#include "common/io/gzip_reader.h"

namespace millrace {
namespace {

constexpr size_t kMost = 700'000;  // three blocks

struct Hint {
  uint16_t skip, row, length;
};

struct Input {
  std::vector<Hint> hints;
  std::string stream;
};

Input Parse(absl::string_view data) {
  Input input;
  if (data.empty()) return input;
  const size_t hints = std::min<size_t>(static_cast<uint8_t>(data[0]) % 16, (data.size() - 1) / sizeof(Hint));
  data.remove_prefix(1);
  input.hints.resize(hints);
  if (hints > 0) std::memcpy(input.hints.data(), data.data(), hints * sizeof(Hint));
  data.remove_prefix(hints * sizeof(Hint));
  if (data.empty()) return input;
  const size_t repeat = size_t{1} << static_cast<uint8_t>(data[0]) % 16;
  data.remove_prefix(1);
  for (size_t i = 0; i < repeat && input.stream.size() + data.size() <= kMost; ++i)
    input.stream.append(data.data(), data.size());
  return input;
}

void Check(bool good) {
  if (!good) std::abort();
}

// `cut`: the longest call.
void Feed(BlockWriter& writer, absl::string_view bytes, size_t cut) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(cut, bytes.size())))
    Check(writer.Append(bytes.substr(0, cut)).ok());
}

std::string Deflate(const Input& input, PixelForm form, PixelKernel kernel, size_t cut) {
  StringSink sink;
  auto writer = NewPixelDeflateWriter(sink, form, kernel);
  absl::string_view rest = input.stream;
  for (const Hint& hint : input.hints) {
    const absl::string_view before = rest.substr(0, hint.skip);
    Feed(*writer, before, cut);
    rest.remove_prefix(before.size());
    writer->BeginImage(hint.row, hint.length * 16);
  }
  Feed(*writer, rest, cut);
  Check(writer->Finish().ok());
  return sink.bytes();
}

std::string Inflate(absl::string_view member) {
  MemorySource source(member);
  GzipReader reader(source, GzipMembers::kOne);
  std::string text;
  char buffer[4096];
  for (;;) {
    absl::StatusOr<size_t> n = reader.Read(buffer, sizeof buffer);
    Check(n.ok());
    if (*n == 0) return text;
    text.append(buffer, *n);
  }
}

void RoundTrip(const Input& input, PixelForm form) {
  const std::string member = Deflate(input, form, PixelKernel::kBest, kMost);
  Check(Inflate(member) == input.stream);
  Check(member.size() <= input.stream.size() + input.stream.size() / 4096 + 64);
  for (PixelKernel kernel : kPixelKernels) {
    if (Supported(kernel)) Check(Deflate(input, form, kernel, 1 + input.stream.size() % 997) == member);
  }
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const millrace::Input input = millrace::Parse({reinterpret_cast<const char*>(data), size});
  millrace::RoundTrip(input, millrace::PixelForm::kText);
  millrace::RoundTrip(input, millrace::PixelForm::kRaw);
  return 0;
}
