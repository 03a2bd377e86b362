// One gzip member (RFC 1952) made for the pixels of images: a Huffman code from a sample of each block of 256 KiB, and
// matches only where a pixel equals the one to its left or the one above. docs/pixel_deflate.md describes the format
// and what it costs.
//
// Made for images whose place in the stream BeginImage tells; right for any bytes: what does not become smaller is
// stored, 5 bytes a 64 KiB longer than it was.
#pragma once

#include <memory>

#include "common/io/block_writer.h"

namespace millrace {

// What the images of a stream are: base64url text, four characters a pixel, or the pixels, three bytes each.
enum class PixelForm { kText, kRaw };

// All kernels write the same bytes; raw pixels have the scalar one alone.
enum class PixelKernel { kBest, kScalar, kAvx2, kAvx512 };
constexpr PixelKernel kPixelKernels[] = {PixelKernel::kScalar, PixelKernel::kAvx2, PixelKernel::kAvx512};
bool Supported(PixelKernel kernel);

// `sink` is borrowed; it gets pieces of up to 256 KiB and a little. `kernel` is for tests, and must be Supported.
std::unique_ptr<BlockWriter> NewPixelDeflateWriter(ByteSink& sink, PixelForm form = PixelForm::kText,
                                                   PixelKernel kernel = PixelKernel::kBest);

// "pixels-1": grows with every change of the bytes.
constexpr const char* kPixelDeflateVersion = "pixels-1";

}  // namespace millrace
