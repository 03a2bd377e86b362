// Any bytes as a TFRecord stream and as an Example: an error or records, never a crash. Since a random stream never
// passes its first checksum, the bytes are also framed properly and read back, as a record of every payload. What our
// parser of Examples takes, protobuf takes too, and finds the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/dataset/sample_decoder.h"
#include "common/record/example_view.h"
#include "common/record/record_reader.h"
#include "common/record/record_writer.h"
#include "tests/common/record/same_example.h"

namespace millrace {
namespace {

int ReadAll(absl::string_view stream) {
  MemorySource source(stream);
  RecordReader reader(source, 1 << 20);
  ByteBuffer record;
  Sample sample;
  int records = 0;
  for (;;) {
    absl::StatusOr<bool> more = reader.Next(record);
    if (!more.ok() || !*more) return records;
    ++records;
    for (const Payload payload : {PAYLOAD_RAW_BASE64, PAYLOAD_RAW, PAYLOAD_JPEG, PAYLOAD_PNG})
      (void)SampleDecoder(payload).Decode(record.view(), sample);
    ExampleView view;
    if (view.Parse(record.view()).ok() && !DifferenceToProtobuf(view, record.view()).empty()) std::abort();
  }
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  millrace::ReadAll(bytes);
  millrace::StringSink sink;
  if (!millrace::AppendRecord(bytes, sink).ok() || !millrace::AppendRecord("", sink).ok()) std::abort();
  if (millrace::ReadAll(sink.bytes()) != 2) std::abort();
  return 0;
}
