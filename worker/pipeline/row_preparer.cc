#include "worker/pipeline/row_preparer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/failpoint.h"
#include "common/base/hash.h"
#include "worker/pipeline/clock.h"
#include "worker/pipeline/image_file.h"

namespace millrace {
namespace {

// An image whose pixels take more is decoded twice in strips instead: once to be sure of it, once into the record.
constexpr int64_t kWholeImageBytes = int64_t{32} << 20;
constexpr int kStripRows = 16;
constexpr size_t kKeptFileBytes = 1 << 20;
constexpr size_t kKeptPixelBytes = 4 << 20;

RowPreparer::Outcome Bad(RowSlot& slot, ImageError error) {
  slot.error = std::move(error);
  slot.Release();
  return RowPreparer::Outcome::kDone;
}

}  // namespace

void RowSlot::Release() {
  file.Shrink(kKeptFileBytes);
  pixels.Shrink(kKeptPixelBytes);
  hold.Reset();
}

RowPreparer::Outcome RowPreparer::Prepare(RowSlot& slot, JpegDecoder& decoder, Memory memory) const {
  slot.error.reset();
  slot.fetch_ns = slot.decode_ns = slot.budget_wait_ns = 0;
  const int64_t start = NowNs();
  Step end = Fetch(slot, memory);
  const int64_t fetched = NowNs();
  slot.fetch_ns = fetched - start - slot.budget_wait_ns;
  if (end.has_value()) return *end;
  const int64_t waited = slot.budget_wait_ns;
  end = Decode(slot, decoder, memory);
  slot.decode_ns = NowNs() - fetched - (slot.budget_wait_ns - waited);
  return end.value_or(Outcome::kDone);
}

RowPreparer::Step RowPreparer::Fetch(RowSlot& slot, Memory memory) const {
  if (absl::Status status = Failpoint("write/read"); !status.ok()) {
    return Bad(slot, {"file/io", std::string(status.message())});
  }
  ImageOr<std::string> path = options_.resolve(slot.row);
  if (auto* error = std::get_if<ImageError>(&path)) return Bad(slot, std::move(*error));
  ImageFile file;
  if (auto error = file.Open(std::get<std::string>(path), options_.file_roots, options_.stop)) return Bad(slot, *error);
  slot.file_bytes = file.size();
  if (slot.file_bytes > options_.limits.max_memory_bytes) {
    return Bad(slot, {"file/too_large",
                      absl::StrCat("the file has ", WithThousands(slot.file_bytes), " bytes, the job allows ",
                                   WithThousands(options_.limits.max_memory_bytes), " for one image")});
  }
  if (Step end = Reserve(slot, slot.file_bytes, memory)) return end;
  uint8_t* bytes = slot.file.Reserve(static_cast<size_t>(slot.file_bytes));
  if (auto error = file.Read(bytes, options_.stop)) return Bad(slot, *error);
  return std::nullopt;
}

// Makes the slot hold at least `bytes` of the budget. Waiting gives back what it held: the file is then no longer
// there.
RowPreparer::Step RowPreparer::Reserve(RowSlot& slot, int64_t bytes, Memory memory) const {
  if (slot.hold.Grow(budget_, bytes)) return std::nullopt;
  slot.Release();
  if (memory == Memory::kTry) return Outcome::kNoMemory;
  slot.file.Shrink(0);
  slot.pixels.Shrink(0);
  const int64_t start = NowNs();
  const bool granted = slot.hold.Wait(budget_, bytes, options_.stop);
  slot.budget_wait_ns += NowNs() - start;
  return granted ? std::nullopt : Step(Outcome::kStopped);
}

// What the open image needs: file, decoder and all pixels or a strip of them. Decides which.
int64_t RowPreparer::NeededBytes(RowSlot& slot) const {
  const int64_t base = slot.file_bytes + slot.header.decoder_bytes;
  const int64_t pixels = slot.header.pixel_bytes();
  slot.whole = pixels <= kWholeImageBytes && base + pixels <= options_.limits.max_memory_bytes;
  return base + (slot.whole ? pixels : slot.header.row_bytes() * kStripRows);
}

// Opens the fetched file in the decoder, with memory reserved for all that follows.
RowPreparer::Step RowPreparer::OpenImage(RowSlot& slot, JpegDecoder& decoder, Memory memory) const {
  for (;;) {
    ImageOr<JpegHeader> header = decoder.Open(slot.file_view(), options_.limits);
    if (auto* error = std::get_if<ImageError>(&header)) return Bad(slot, std::move(*error));
    slot.header = std::get<JpegHeader>(header);
    const int64_t needed = NeededBytes(slot);
    if (Step end = Reserve(slot, needed, memory)) return end;
    if (slot.file.data() != nullptr) return std::nullopt;
    // It had to let the file go while it waited: once more, now with memory for all of it.
    if (Step end = Fetch(slot, memory)) return end;
  }
}

RowPreparer::Step RowPreparer::Decode(RowSlot& slot, JpegDecoder& decoder, Memory memory) const {
  if (Step end = OpenImage(slot, decoder, memory)) return end;
  std::optional<ImageError> error;
  if (slot.whole) {
    error = decoder.Decode(slot.pixels.Reserve(static_cast<size_t>(slot.header.pixel_bytes())));
  } else {
    error = decoder.DecodeRows([](absl::Span<const uint8_t>) {});
  }
  if (error.has_value()) return Bad(slot, *std::move(error));
  slot.source_hash = Xxh3Of(slot.file_view());
  return std::nullopt;
}

}  // namespace millrace
