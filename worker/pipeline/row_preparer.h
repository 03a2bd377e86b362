// RowPreparer: fetch and decode of one row, the part that can be done ahead and on any thread.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/image/jpeg.h"
#include "worker/pipeline/memory_budget.h"
#include "worker/pipeline/row_slot.h"

namespace millrace {

// Where a row's image lies on this machine, or why it lies nowhere.
using UriResolver = std::function<ImageOr<std::string>(const Row& row)>;

// Constant after construction; Prepare may be called from several threads at once, for different slots. Borrows
// `budget`.
class RowPreparer {
 public:
  struct Options {
    ImageLimits limits;
    std::vector<std::string> file_roots;
    UriResolver resolve;
    std::stop_token stop;
  };
  enum class Memory { kTry, kWait };
  enum class Outcome {
    kDone,      // the slot has pixels or an error
    kNoMemory,  // kTry only: nothing was done, nothing is held
    kStopped,
  };

  RowPreparer(Options options, MemoryBudget& budget) : options_(std::move(options)), budget_(budget) {}

  Outcome Prepare(RowSlot& slot, JpegDecoder& decoder, Memory memory) const;
  const ImageLimits& limits() const { return options_.limits; }

 private:
  // Nothing: go on. Every step may end the row.
  using Step = std::optional<Outcome>;

  Step Fetch(RowSlot& slot, Memory memory) const;
  Step Reserve(RowSlot& slot, int64_t bytes, Memory memory) const;
  Step Decode(RowSlot& slot, JpegDecoder& decoder, Memory memory) const;
  Step OpenImage(RowSlot& slot, JpegDecoder& decoder, Memory memory) const;
  int64_t NeededBytes(RowSlot& slot) const;

  const Options options_;
  MemoryBudget& budget_;
};

}  // namespace millrace
