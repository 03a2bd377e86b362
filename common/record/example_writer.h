// The bytes of one TFRecord around its image: frame, tf.train.Example, features. Written by hand, because the image's
// text (up to 700 MB) must never lie in a protobuf object.
//
//   head │ image text (streamed by the caller) │ tail │ masked CRC32C of all between the frame's header and here
//
// The features come in this order: image, image_name, image_height, image_width, image_channels, split, label, and then
// those of further columns.
// TFRecorder's order is a hash map's, and differs between its own files; readers do not care.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"

namespace millrace {

struct ExampleFields {
  absl::string_view image_name = {};  // last component of the URI
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;                                   // 1 or 3
  absl::string_view split = {};                           // "TRAIN"
  int64_t label = 0;                                      // position in the vocabulary, -1 if unknown
  absl::string_view label_name = "label";                 // of the feature; empty: the record has none
  absl::optional<absl::Span<const int64_t>> labels = {};  // set: the feature is this list instead of `label`
  absl::string_view more = {};                            // entries of further features (feature_entry.h)
};

// Reused from record to record: its strings keep their capacity. One thread.
class RecordShell {
 public:
  // For an image feature of `image_size` bytes. What head() and tail() return is valid until the next call.
  void Reset(uint64_t image_size, const ExampleFields& fields);

  absl::string_view head() const { return head_; }
  absl::string_view tail() const { return tail_; }
  // CRC32C of head() from the Example's first byte on: where the record's CRC starts.
  uint32_t crc_of_head() const;
  // Of the whole frame: head, image, tail and the CRC.
  uint64_t record_size() const { return head_.size() + image_size_ + tail_.size() + sizeof(uint32_t); }

 private:
  uint64_t image_size_ = 0;
  std::string head_;
  std::string tail_;
};

}  // namespace millrace
