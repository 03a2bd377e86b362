#include "common/io/block_writer.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace millrace {
namespace {

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class PlainWriter : public BlockWriter {
 public:
  explicit PlainWriter(ByteSink& sink) : sink_(sink) {}

 protected:
  absl::Status Consume(absl::string_view block, bool) override {
    return block.empty() ? absl::OkStatus() : Deliver(sink_, block);
  }

 private:
  ByteSink& sink_;
};

}  // namespace

BlockWriter::BlockWriter() : block_(new char[kBlockSize]) {}

absl::Status BlockWriter::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    absl::Span<char> room = Room();
    size_t n = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), n);
    bytes.remove_prefix(n);
    if (absl::Status status = Advance(n); !status.ok()) return status;
  }
  return status_;
}

absl::Status BlockWriter::Advance(size_t n) {
  used_ += n;
  bytes_in_ += static_cast<int64_t>(n);
  return used_ == kBlockSize ? Flush(false) : status_;
}

absl::Status BlockWriter::Finish() { return Flush(true); }

absl::Status BlockWriter::Flush(bool last) {
  absl::string_view block(block_.get(), used_);
  used_ = 0;
  if (!status_.ok()) return status_;
  int64_t start = NowNs();
  status_ = Consume(block, last);
  consume_ns_ += NowNs() - start;
  return status_;
}

absl::Status BlockWriter::Deliver(ByteSink& sink, absl::string_view bytes) {
  int64_t start = NowNs();
  absl::Status status = sink.Append(bytes);
  sink_ns_ += NowNs() - start;
  return status;
}

std::unique_ptr<BlockWriter> NewPlainWriter(ByteSink& sink) { return std::make_unique<PlainWriter>(sink); }

}  // namespace millrace
