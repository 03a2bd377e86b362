// RecordEncoder: prepared rows → framed records in the stream of one shard.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/image/image_decoder.h"
#include "common/io/block_writer.h"
#include "common/record/example_writer.h"
#include "worker/pipeline/row_preparer.h"
#include "worker/pipeline/row_slot.h"

namespace millrace {

// The label feature of a record.
struct RecordLabel {
  std::string feature = "label";  // its name; empty: records have none
  bool list = false;              // any number of labels, else exactly one
  std::vector<int64_t> ids;       // of this record
};

// One shard, one thread. Borrows `out`, whose errors stick.
class RecordEncoder {
 public:
  RecordEncoder(BlockWriter& out, ImageWishes wishes) : out_(out), wishes_(std::move(wishes)) {}

  // `slot` is prepared and good; `split` is "TRAIN". INTERNAL if an image that was decoded once cannot be decoded
  // again.
  absl::Status Append(const RowSlot& slot, absl::string_view split, const RecordLabel& label);

 private:
  absl::StatusOr<uint32_t> AppendImage(const RowSlot& slot, uint32_t crc);
  // Each appends the image feature's bytes and continues the record's CRC32C.
  absl::StatusOr<uint32_t> AppendText(const RowSlot& slot, uint32_t crc);
  absl::StatusOr<uint32_t> AppendRaw(const RowSlot& slot, uint32_t crc);
  absl::StatusOr<uint32_t> AppendFile(absl::string_view file, uint32_t crc);
  using PieceSink = std::function<absl::Status(absl::Span<const uint8_t>)>;
  absl::Status ForEachPiece(const RowSlot& slot, const PieceSink& append);

  BlockWriter& out_;
  const ImageWishes wishes_;
  RecordShell shell_;
  ImageDecoder decoder_;  // for the second pass over large images
};

// The last component of a path or URI, as TFRecorder stores it: "cat/cat.7.jpg" → "cat.7.jpg". Of an http URI
// without query and fragment.
absl::string_view ImageNameOf(absl::string_view uri);

}  // namespace millrace
