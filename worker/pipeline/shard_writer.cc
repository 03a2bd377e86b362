#include "worker/pipeline/shard_writer.h"

#include <utility>

#include "absl/memory/memory.h"
#include "common/base/status_macros.h"
#include "common/deflate/pixel_deflate_writer.h"
#include "common/io/gzip_writer.h"

namespace millrace {
namespace {

std::unique_ptr<BlockWriter> NewStream(const ConvertSpec& spec, ByteSink& sink) {
  if (spec.compression() == COMPRESSION_NONE) return NewPlainWriter(sink);
  if (spec.gzip_level() == GZIP_LEVEL_FAST)
    return NewPixelDeflateWriter(sink, spec.payload() == PAYLOAD_RAW ? PixelForm::kRaw : PixelForm::kText);
  return NewGzipWriter(spec.gzip_level() == GZIP_LEVEL_SMALL ? GzipEffort::kSmall : GzipEffort::kBalanced, sink);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ShardWriter>> ShardWriter::Create(Store& store, const std::string& path,
                                                                 const std::string& staging, const ConvertSpec& spec) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<PreparedWriter> file, store.Prepare(path, staging));
  return absl::WrapUnique(new ShardWriter(std::move(file), spec));
}

ShardWriter::ShardWriter(std::unique_ptr<PreparedWriter> file, const ConvertSpec& spec) {
  sink_.file = std::move(file);
  stream_ = NewStream(spec, sink_);
}

absl::StatusOr<PreparedFile> ShardWriter::Finish() {
  MILLRACE_RETURN_IF_ERROR(stream_->Finish());
  return sink_.file->Finish();
}

}  // namespace millrace
