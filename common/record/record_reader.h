// Reads TFRecord frames from a stream, strictly: both CRCs are checked, a length is not believed before its CRC, a
// clean end is only between records.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/io/byte_buffer.h"
#include "common/io/byte_stream.h"

namespace millrace {

class RecordReader {
 public:
  // Twice the largest record that Millrace writes. protobuf ends at 2 GiB.
  static constexpr uint64_t kMaxRecordBytes = (uint64_t{2} << 30) - 1;

  explicit RecordReader(ByteSource& source, uint64_t max_record_bytes = kMaxRecordBytes)  // borrows `source`
      : source_(source), max_record_bytes_(max_record_bytes) {}

  // The next record into `record`, which is reused; false at the clean end. DATA_LOSS "record 12 at byte 3,456: …"
  // (records from 0, bytes of the uncompressed stream); errors of the source as they are. Errors stick. Memory grows
  // only with bytes that have arrived.
  absl::StatusOr<bool> Next(ByteBuffer& record);

  int64_t records() const { return records_; }  // read so far
  uint64_t offset() const { return offset_; }   // of the next record

 private:
  absl::StatusOr<bool> ReadFrame(ByteBuffer& record);
  absl::StatusOr<size_t> Fill(char* buffer, size_t n);
  absl::Status ReadBody(uint64_t size, ByteBuffer& record);
  absl::Status Fail(absl::string_view what) const;

  ByteSource& source_;
  const uint64_t max_record_bytes_;
  int64_t records_ = 0;
  uint64_t offset_ = 0;
  absl::Status status_;
};

}  // namespace millrace
