#include "common/deflate/pixel_deflate_writer.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>

#include "common/deflate/pixel_kernel.h"
#include "common/deflate/pixel_statistics.h"
#include "common/deflate/stretches.h"

namespace millrace {
namespace {

// The writer's longest codes have 15 bits; a stored block is never reached by the spare bytes of BitWriter.
constexpr size_t kOutSize = BlockWriter::kBlockSize / 8 * 15 + PixelCode::kHeaderBytes + 64;
constexpr size_t kMaxStored = 65535;
constexpr uint8_t kGzipHeader[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};  // as gzip_writer.h describes it

PixelKernel Best() {
  for (PixelKernel kernel : {PixelKernel::kAvx512, PixelKernel::kAvx2}) {
    if (Supported(kernel)) return kernel;
  }
  return PixelKernel::kScalar;
}

PixelKernelFunction FunctionOf(PixelKernel kernel) {
  if (kernel == PixelKernel::kBest) kernel = Best();
#if defined(__x86_64__)
  if (kernel == PixelKernel::kAvx512) return PixelKernelAvx512;
  if (kernel == PixelKernel::kAvx2) return PixelKernelAvx2;
#endif
  return PixelKernelScalar;
}

class PixelDeflateWriter : public BlockWriter {
 public:
  PixelDeflateWriter(ByteSink& sink, PixelForm form, PixelKernelFunction kernel)
      : sink_(sink),
        group_(form == PixelForm::kText ? kTextGroup : kRawGroup),
        kernel_(kernel),
        out_(new uint8_t[kOutSize]),
        writer_{out_.get()},
        stretches_(group_) {
    std::memcpy(out_.get(), kGzipHeader, sizeof kGzipHeader);
    writer_.out += sizeof kGzipHeader;
  }

  void BeginImage(int64_t row, int64_t total) override { stretches_.BeginImage(bytes_in(), row, total); }

 protected:
  absl::Status Consume(absl::string_view text, bool last) override {
    const absl::Span<const uint8_t> block(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    crc_ = crc32_gzip_refl(crc_, block.data(), block.size());
    PutBlock(block, last);
    if (last) PutTrailer();
    const absl::string_view done(reinterpret_cast<const char*>(out_.get()),
                                 static_cast<size_t>(writer_.out - out_.get()));
    writer_.out = out_.get();  // pending bits stay in the writer
    return Deliver(sink_, done);
  }

 private:
  void PutBlock(absl::Span<const uint8_t> block, bool last) {
    const std::vector<Stretch>& stretches = stretches_.Next(block.size());
    const PixelCode code(PixelStatistics::Sample(block, stretches, group_), group_);
    const BitWriter before = writer_;
    if (code.pays()) PutCoded(block, stretches, code, last);
    // The sample may have promised too much.
    if (code.pays() && static_cast<size_t>(writer_.out - before.out) <= block.size()) return;
    writer_ = before;
    PutStored(block, last);
  }

  void PutCoded(absl::Span<const uint8_t> block, const std::vector<Stretch>& stretches, const PixelCode& code,
                bool last) {
    code.PutHeader(last, writer_);
    PixelTables tables(code);
    const PixelKernelFunction kernel = code.text() && group_ == kTextGroup ? kernel_ : PixelKernelScalar;
    for (const Stretch& stretch : stretches) {
      tables.SetRow(code, stretch.row);
      const size_t vectors = stretch.end - (stretch.end - stretch.begin) % (group_ * kVectorGroups);
      kernel(block.data(), stretch.begin, vectors, stretch.row, tables, writer_);
      PutVector(block.data(), vectors, stretch.end, stretch.row, tables, writer_);
    }
    writer_.Put(code.end_of_block());
  }

  void PutStored(absl::Span<const uint8_t> block, bool last) {
    do {
      const absl::Span<const uint8_t> part = block.first(std::min(block.size(), kMaxStored));
      block.remove_prefix(part.size());
      writer_.Put(last && block.empty() ? 1 : 0, 3);
      writer_.PadToByte();
      writer_.Put(part.size() | (~part.size() & 0xffff) << 16, 32);
      std::copy(part.begin(), part.end(), writer_.out);
      writer_.out += part.size();
    } while (!block.empty());
  }

  void PutTrailer() {
    writer_.PadToByte();
    writer_.Put(crc_, 32);
    writer_.Put(static_cast<uint64_t>(bytes_in()) & 0xffffffff, 32);
  }

  ByteSink& sink_;
  const size_t group_;
  const PixelKernelFunction kernel_;
  const std::unique_ptr<uint8_t[]> out_;
  BitWriter writer_;
  Stretches stretches_;
  uint32_t crc_ = 0;
};

}  // namespace

bool Supported(PixelKernel kernel) {
  if (kernel == PixelKernel::kBest || kernel == PixelKernel::kScalar) return true;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (kernel == PixelKernel::kAvx2) return __builtin_cpu_supports("avx2");
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi");
#else
  return false;
#endif
}

std::unique_ptr<BlockWriter> NewPixelDeflateWriter(ByteSink& sink, PixelForm form, PixelKernel kernel) {
  return std::make_unique<PixelDeflateWriter>(sink, form, FunctionOf(kernel));
}

}  // namespace millrace
