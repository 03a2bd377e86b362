// RowSlot: one row on its way from the row log to the shard. The slots of an attempt form a ring and are reused.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "common/image/image_decoder.h"
#include "worker/pipeline/buffer.h"
#include "worker/pipeline/memory_budget.h"
#include "worker/pipeline/row_fetch.h"

namespace millrace {

// A row of the row log, as far as the write task needs it.
struct Row {
  int64_t ordinal = 0;  // of the split, before the shuffle
  std::string uri;      // raw cell
  std::string label;    // several labels have a line feed between them
  bool has_label = false;
  std::string features;  // of further columns, serialised
  uint32_t input = 0;    // which of the scan's input files
  int64_t row = 0;       // data row in that file, from 1
  int64_t line = 0;      // line in that file, from 1
};

struct RowSlot {
  // Who may touch the rest: the attempt's thread in kOwned and kDone, whoever moved it to kTaken in kTaken.
  //   kOwned ─► kOffered ─► kTaken ─► kDone ─► kOwned      kTaken ─► kOwned: there was no memory to do it ahead
  enum State : int { kOwned, kOffered, kTaken, kDone };
  std::atomic<int> state{kOwned};

  Row row;
  ImageOr<ImagePlace> place;
  std::unique_ptr<RowFetch> fetch;  // of an image on the network, if it was asked for ahead

  // Results of the preparation.
  std::optional<ImageError> error;  // set: a dead letter, and nothing below but the times counts
  ImageHeader header;
  enum class Content {
    kPixels,   // `pixels` has all of them
    kRows,     // they are made from `file` a second time, strip by strip
    kFile,     // `file` goes into the record as it is
    kEncoded,  // `encoded` does
  };
  Content content = Content::kPixels;
  bool passes_through = false;  // a JPEG that needs no change
  int64_t file_bytes = 0;
  std::string source_hash;  // XXH3-128 of the file
  int64_t fetch_ns = 0;
  int64_t decode_ns = 0;
  int64_t wait_ns = 0;  // for memory and for the network

  Buffer file;       // an image of this machine
  std::string body;  // one from the network
  Buffer pixels;
  std::string encoded;
  BudgetHold hold;

  bool has_file() const { return !body.empty() || file.data() != nullptr; }
  absl::string_view file_view() const {
    if (!body.empty()) return body;
    return {reinterpret_cast<const char*>(file.data()), static_cast<size_t>(file_bytes)};
  }
  // Frees memory and budget, and drops the request; small buffers are kept for the next row.
  void Release();
};

}  // namespace millrace
