// RowPreparer: fetch, decode, resize and encode of one row: the part that can be done ahead and on any thread.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/image/image_decoder.h"
#include "common/image/image_encoder.h"
#include "worker/pipeline/image_wishes.h"
#include "worker/pipeline/memory_budget.h"
#include "worker/pipeline/row_slot.h"

namespace millrace {

// What preparing needs of a thread: reused, because it keeps its buffers.
struct ImageTools {
  ImageDecoder decoder;
  ImageEncoder encoder;
};

// Constant after construction; Prepare may be called from several threads at once, for different slots. Borrows
// `budget`.
class RowPreparer {
 public:
  struct Options {
    ImageWishes wishes;
    std::vector<std::string> file_roots;
    HttpFetcher* fetcher = nullptr;  // borrowed; null: rows from the network are dead letters
    std::function<void()> let_go;    // gives back what the attempt holds beside its slots, before it waits for memory
    std::stop_token stop;
  };
  enum class Memory { kTry, kWait };
  enum class Outcome {
    kDone,      // the slot has pixels or an error
    kNoMemory,  // kTry only: nothing was done, nothing is held
    kStopped,
  };

  RowPreparer(Options options, MemoryBudget& budget) : options_(std::move(options)), budget_(budget) {}

  Outcome Prepare(RowSlot& slot, ImageTools& tools, Memory memory) const;

 private:
  // Nothing: go on. Every step may end the row.
  using Step = std::optional<Outcome>;

  Step Fetch(RowSlot& slot, Memory memory) const;
  Step ReadFile(RowSlot& slot, const std::string& path, Memory memory) const;
  Step Download(RowSlot& slot, const std::string& uri, Memory memory) const;
  Step Reserve(RowSlot& slot, int64_t bytes, Memory memory) const;
  Step CheckPassThrough(RowSlot& slot) const;
  Step MakeImage(RowSlot& slot, ImageTools& tools, Memory memory) const;
  Step OpenImage(RowSlot& slot, ImageTools& tools, Memory memory) const;
  RowSlot::Content ContentFor(const RowSlot& slot) const;
  int64_t NeededBytes(const RowSlot& slot) const;
  std::optional<ImageError> Decode(RowSlot& slot, ImageTools& tools) const;
  std::optional<ImageError> Recode(RowSlot& slot, ImageDecoder& decoder) const;
  std::optional<ImageError> Encode(RowSlot& slot, ImageEncoder& encoder) const;

  const Options options_;
  MemoryBudget& budget_;
};

}  // namespace millrace
