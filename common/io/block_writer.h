// BlockWriter: cuts a stream into blocks of exactly 256 KiB at fixed offsets before it goes to a compressor or a file.
//
// igzip's output depends on the sizes of its calls; with fixed blocks the compressed bytes are a function of the stream
// alone, whatever the queues before it deliver. A producer may write straight into the block (Room, Advance), so that
// text is made where the compressor reads it and is copied nowhere.
//
// One owner, one thread. Errors stick: after one, every call returns it. Not finished: the stream is incomplete,
// nothing else happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/io/byte_stream.h"

namespace millrace {

class BlockWriter : public ByteSink {
 public:
  static constexpr size_t kBlockSize = 256 << 10;

  BlockWriter();
  absl::Status Append(absl::string_view bytes) final;
  // Where the next bytes of the stream belong: at least one byte, valid until the next call.
  absl::Span<char> Room() { return {block_.get() + used_, kBlockSize - used_}; }
  // `n` bytes have been written to Room().
  absl::Status Advance(size_t n);
  // A hint for codecs of pixels: the next `total_bytes` of the stream are one image's, in rows of `row_bytes` (0: no
  // whole number). It may change the compressed bytes, never what they stand for; a wrong one costs size.
  virtual void BeginImage(int64_t /*row_bytes*/, int64_t /*total_bytes*/) {}
  // Ends the stream. Exactly once; nothing may follow.
  absl::Status Finish();

  int64_t bytes_in() const { return bytes_in_; }  // of the stream so far
  // Time spent in the codec and in the sink behind it, for the statistics of operators.
  int64_t codec_ns() const { return consume_ns_ - sink_ns_; }
  int64_t sink_ns() const { return sink_ns_; }

 protected:
  // All blocks are full but the last, which may be empty.
  virtual absl::Status Consume(absl::string_view block, bool last) = 0;
  // For subclasses: passes finished bytes on and counts the time.
  absl::Status Deliver(ByteSink& sink, absl::string_view bytes);

 private:
  absl::Status Flush(bool last);

  std::unique_ptr<char[]> block_;
  size_t used_ = 0;
  int64_t bytes_in_ = 0;
  int64_t consume_ns_ = 0;
  int64_t sink_ns_ = 0;
  absl::Status status_;
};

// Uncompressed; `sink` is borrowed.
std::unique_ptr<BlockWriter> NewPlainWriter(ByteSink& sink);

}  // namespace millrace
