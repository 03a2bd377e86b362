// ShardWriter: the end of the pipeline for one attempt: records → gzip → the store's prepared file.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/io/block_writer.h"
#include "common/storage/storage.h"
#include "proto/job.pb.h"

namespace millrace {

// One thread. Destroyed without Finish: the store leaves nothing behind.
class ShardWriter {
 public:
  static absl::StatusOr<std::unique_ptr<ShardWriter>> Create(Store& store, const std::string& path,
                                                             const std::string& staging, const ConvertSpec& spec);

  BlockWriter& stream() { return *stream_; }
  const BlockWriter& stream() const { return *stream_; }
  int64_t bytes_out() const { return sink_.bytes; }
  // Ends the stream and makes the file durable, still invisible.
  absl::StatusOr<PreparedFile> Finish();

 private:
  struct StoreSink : public ByteSink {
    absl::Status Append(absl::string_view piece) override {
      bytes += static_cast<int64_t>(piece.size());
      return file->Append(piece);
    }
    std::unique_ptr<PreparedWriter> file;
    int64_t bytes = 0;
  };

  ShardWriter(std::unique_ptr<PreparedWriter> file, const ConvertSpec& spec);

  StoreSink sink_;
  std::unique_ptr<BlockWriter> stream_;
};

}  // namespace millrace
