// RecordEncoder: prepared rows → framed records in the stream of one shard.
#pragma once

#include "absl/status/status.h"
#include "common/image/jpeg.h"
#include "common/io/block_writer.h"
#include "common/record/example_writer.h"
#include "worker/pipeline/row_slot.h"

namespace millrace {

// One shard, one thread. Borrows `out`, whose errors stick.
class RecordEncoder {
 public:
  RecordEncoder(BlockWriter& out, const ImageLimits& limits) : out_(out), limits_(limits) {}

  // `slot` is prepared and good; `split` is "TRAIN". INTERNAL if an image that was decoded once cannot be decoded
  // again.
  absl::Status Append(const RowSlot& slot, absl::string_view split, int64_t label);

 private:
  absl::Status AppendImage(const RowSlot& slot, class ImageText& text);

  BlockWriter& out_;
  const ImageLimits limits_;
  RecordShell shell_;
  JpegDecoder decoder_;  // for the second pass over large images
};

// The last component of a path or URI, as TFRecorder stores it: "cat/cat.7.jpg" → "cat.7.jpg".
absl::string_view ImageNameOf(absl::string_view uri);

}  // namespace millrace
