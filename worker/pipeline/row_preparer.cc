#include "worker/pipeline/row_preparer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/failpoint.h"
#include "common/base/hash.h"
#include "common/image/jpeg_structure.h"
#include "worker/pipeline/clock.h"
#include "worker/pipeline/image_file.h"

namespace millrace {
namespace {

// An image whose pixels take more is decoded twice in strips instead: once to be sure of it, once into the record.
constexpr int64_t kWholeImageBytes = int64_t{32} << 20;
constexpr size_t kKeptFileBytes = 1 << 20;
constexpr size_t kKeptPixelBytes = 4 << 20;
constexpr size_t kKeptEncodedBytes = 1 << 20;

RowPreparer::Outcome Bad(RowSlot& slot, ImageError error) {
  slot.error = std::move(error);
  slot.Release();
  return RowPreparer::Outcome::kDone;
}

ImageError TooLargeForMemory(int64_t needed, const ImageLimits& limits) {
  return {"image/too_large_for_memory",
          absl::StrCat("decoding and encoding need ", FormatByteSize(needed), ", the job allows ",
                       FormatByteSize(limits.max_memory_bytes), " for one image")};
}

// More than any image takes that is encoded anew: noise at quality 100 stays below its pixels.
int64_t EncodedBound(const ImageHeader& header) {
  constexpr int64_t kHeaders = 64 << 10;
  return header.pixel_bytes() + header.pixel_bytes() / 8 + header.height + kHeaders;
}

}  // namespace

void RowSlot::Release() {
  fetch.reset();  // before the memory: until then its thread may take more
  std::string().swap(body);
  file.Shrink(kKeptFileBytes);
  pixels.Shrink(kKeptPixelBytes);
  if (encoded.capacity() > kKeptEncodedBytes) std::string().swap(encoded);
  hold.Reset();
}

RowPreparer::Outcome RowPreparer::Prepare(RowSlot& slot, ImageTools& tools, Memory memory) const {
  slot.error.reset();
  slot.fetch_ns = slot.decode_ns = slot.wait_ns = 0;
  const int64_t start = NowNs();
  Step end = Fetch(slot, memory);
  const int64_t fetched = NowNs();
  slot.fetch_ns = fetched - start - slot.wait_ns;
  if (end.has_value()) return *end;
  const int64_t waited = slot.wait_ns;
  end = MakeImage(slot, tools, memory);
  slot.decode_ns = NowNs() - fetched - (slot.wait_ns - waited);
  return end.value_or(Outcome::kDone);
}

RowPreparer::Step RowPreparer::Fetch(RowSlot& slot, Memory memory) const {
  if (absl::Status status = Failpoint("write/read"); !status.ok()) {
    return Bad(slot, {"file/io", std::string(status.message())});
  }
  if (const auto* error = std::get_if<ImageError>(&slot.place)) return Bad(slot, *error);
  const ImagePlace& place = std::get<ImagePlace>(slot.place);
  return place.remote ? Download(slot, place.path, memory) : ReadFile(slot, place.path, memory);
}

RowPreparer::Step RowPreparer::ReadFile(RowSlot& slot, const std::string& path, Memory memory) const {
  ImageFile file;
  if (auto error = file.Open(path, options_.file_roots, options_.stop)) return Bad(slot, *error);
  slot.file_bytes = file.size();
  if (slot.file_bytes > options_.wishes.limits.max_memory_bytes) {
    return Bad(slot, {"file/too_large",
                      absl::StrCat("the file has ", WithThousands(slot.file_bytes), " bytes, the job allows ",
                                   WithThousands(options_.wishes.limits.max_memory_bytes), " for one image")});
  }
  if (Step end = Reserve(slot, slot.file_bytes, memory)) return end;
  uint8_t* bytes = slot.file.Reserve(static_cast<size_t>(slot.file_bytes));
  if (auto error = file.Read(bytes, options_.stop)) return Bad(slot, *error);
  return std::nullopt;
}

// The body that was asked for ahead, or else one that is asked for now.
RowPreparer::Step RowPreparer::Download(RowSlot& slot, const std::string& uri, Memory memory) const {
  if (options_.fetcher == nullptr) return Bad(slot, {"file/scheme", "this worker fetches nothing from the network"});
  const int64_t max_bytes = options_.wishes.limits.max_memory_bytes;
  for (;;) {
    if (slot.fetch == nullptr)
      slot.fetch =
          std::make_unique<RowFetch>(*options_.fetcher, uri, max_bytes, budget_, budget_.total(), std::move(slot.hold));
    const int64_t start = NowNs();
    const bool done = slot.fetch->Wait(options_.stop);
    slot.wait_ns += NowNs() - start;
    if (!done) return Outcome::kStopped;
    FetchResult result = slot.fetch->TakeResult();
    slot.hold = slot.fetch->TakeHold();
    slot.fetch.reset();
    if (result.outcome == FetchResult::Outcome::kStopped) return Outcome::kStopped;
    if (result.outcome == FetchResult::Outcome::kFailed) return Bad(slot, {result.reason, std::move(result.detail)});
    if (result.outcome == FetchResult::Outcome::kOk) {
      slot.body = std::move(result.body);
      slot.file_bytes = static_cast<int64_t>(slot.body.size());
      return std::nullopt;
    }
    if (Step end = Reserve(slot, result.needed_bytes, memory)) return end;
  }
}

// Makes the slot hold at least `bytes` of the budget. Waiting gives back what it held: the file is then no longer
// there.
RowPreparer::Step RowPreparer::Reserve(RowSlot& slot, int64_t bytes, Memory memory) const {
  if (slot.hold.Grow(budget_, bytes)) return std::nullopt;
  slot.Release();
  if (memory == Memory::kTry) return Outcome::kNoMemory;
  slot.file.Shrink(0);
  slot.pixels.Shrink(0);
  if (options_.let_go) options_.let_go();
  const int64_t start = NowNs();
  const bool granted = slot.hold.Wait(budget_, bytes, options_.stop);
  slot.wait_ns += NowNs() - start;
  return granted ? std::nullopt : Step(Outcome::kStopped);
}

// Decided by the job and the file alone, never by this worker: other content may be another dead letter.
RowSlot::Content RowPreparer::ContentFor(const RowSlot& slot) const {
  const ImageHeader& header = slot.header;
  const ImageWishes& wishes = options_.wishes;
  if (slot.passes_through) return RowSlot::Content::kFile;
  if (wishes.files()) return RowSlot::Content::kEncoded;
  const int64_t all = slot.file_bytes + header.decoder_bytes + header.pixel_bytes();
  const bool whole = header.pixel_bytes() <= kWholeImageBytes && all <= wishes.limits.max_memory_bytes;
  return whole || !header.by_rows ? RowSlot::Content::kPixels : RowSlot::Content::kRows;
}

// Of file, decoder, pixels (or a strip of them) and the file that is made of them.
int64_t RowPreparer::NeededBytes(const RowSlot& slot) const {
  const ImageHeader& header = slot.header;
  const int64_t base = slot.file_bytes + header.decoder_bytes;
  const int64_t strip = header.row_bytes() * ImageDecoder::kStripRows;
  switch (slot.content) {
    case RowSlot::Content::kPixels:
      return base + header.pixel_bytes();
    case RowSlot::Content::kRows:
    case RowSlot::Content::kFile:
      return base + strip;
    case RowSlot::Content::kEncoded:
      return base + header.pixel_bytes() + EncodedBound(header);
  }
  return base;
}

// Opens the fetched file in the decoder, with memory reserved for all that follows.
RowPreparer::Step RowPreparer::OpenImage(RowSlot& slot, ImageTools& tools, Memory memory) const {
  const ImageLimits& limits = options_.wishes.limits;
  for (;;) {
    ImageOr<ImageHeader> header = tools.decoder.Open(slot.file_view(), options_.wishes.picture, limits);
    if (auto* error = std::get_if<ImageError>(&header)) return Bad(slot, std::move(*error));
    slot.header = std::get<ImageHeader>(header);
    slot.content = ContentFor(slot);
    const int64_t needed = NeededBytes(slot);
    if (needed > limits.max_memory_bytes) return Bad(slot, TooLargeForMemory(needed, limits));
    if (Step end = Reserve(slot, needed, memory)) return end;
    if (slot.has_file()) return std::nullopt;
    // It had to let the file go while it waited: once more, now with memory for all of it.
    if (Step end = Fetch(slot, memory)) return end;
  }
}

// A JPEG without faults in its structure goes into the record byte for byte, unless the job wants another picture, or
// it has four colour components: readers of records would show them in wrong colours.
RowPreparer::Step RowPreparer::CheckPassThrough(RowSlot& slot) const {
  const ImageWishes& wishes = options_.wishes;
  slot.passes_through = false;
  if (wishes.payload != PAYLOAD_JPEG) return std::nullopt;
  const ImageOr<ImageFormat> format = SniffFormat(slot.file_view());
  const ImageFormat* known = std::get_if<ImageFormat>(&format);
  if (known == nullptr || *known != ImageFormat::kJpeg) return std::nullopt;
  ImageOr<JpegStructure> checked = CheckJpegStructure(slot.file_view(), wishes.limits);
  if (auto* error = std::get_if<ImageError>(&checked)) return Bad(slot, std::move(*error));
  const JpegStructure& found = std::get<JpegStructure>(checked);
  const bool as_colored =
      found.components == 3 || (found.components == 1 && wishes.picture.color == PictureOptions::Color::kKeep);
  const bool as_turned = wishes.picture.exif == PictureOptions::Exif::kIgnore || found.orientation == 1;
  slot.passes_through = as_colored && as_turned && !wishes.picture.resize.has_value();
  slot.content = RowSlot::Content::kFile;
  slot.header = {};
  slot.header.width = found.width;
  slot.header.height = found.height;
  slot.header.channels = found.channels;
  return std::nullopt;
}

RowPreparer::Step RowPreparer::MakeImage(RowSlot& slot, ImageTools& tools, Memory memory) const {
  if (Step end = CheckPassThrough(slot)) return end;
  if (slot.passes_through && options_.wishes.validation == VALIDATE_STRUCTURE) {
    slot.source_hash = Xxh3Of(slot.file_view());
    return std::nullopt;
  }
  if (Step end = OpenImage(slot, tools, memory)) return end;
  const bool recodes = slot.header.recodes && options_.wishes.payload == PAYLOAD_JPEG;
  std::optional<ImageError> error = recodes ? Recode(slot, tools.decoder) : Decode(slot, tools);
  const bool encodes = slot.content == RowSlot::Content::kEncoded && !recodes;
  if (!error.has_value() && encodes) error = Encode(slot, tools.encoder);
  if (error.has_value()) return Bad(slot, *std::move(error));
  slot.source_hash = Xxh3Of(slot.file_view());
  return std::nullopt;
}

std::optional<ImageError> RowPreparer::Decode(RowSlot& slot, ImageTools& tools) const {
  switch (slot.content) {
    case RowSlot::Content::kPixels:
    case RowSlot::Content::kEncoded:
      return tools.decoder.Decode(slot.pixels.Reserve(static_cast<size_t>(slot.header.pixel_bytes())));
    case RowSlot::Content::kFile:
    case RowSlot::Content::kRows:
      return tools.decoder.DecodeRows([](absl::Span<const uint8_t>) {});
  }
  return std::nullopt;
}

// A JPEG of another size, the short way.
std::optional<ImageError> RowPreparer::Recode(RowSlot& slot, ImageDecoder& decoder) const {
  slot.encoded.clear();
  return decoder.RecodeJpeg(options_.wishes.jpeg_quality, slot.encoded);
}

std::optional<ImageError> RowPreparer::Encode(RowSlot& slot, ImageEncoder& encoder) const {
  const ImageHeader& header = slot.header;
  const PictureView picture{slot.pixels.data(), header.width, header.height, header.channels};
  slot.encoded.clear();
  if (options_.wishes.payload == PAYLOAD_PNG) return encoder.AppendPng(picture, slot.encoded);
  return encoder.AppendJpeg(picture, options_.wishes.jpeg_quality, slot.encoded);
}

}  // namespace millrace
