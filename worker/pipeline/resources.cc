#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/deflate/pixel_deflate_writer.h"
#include "common/image/image_decoder.h"
#include "common/io/gzip_writer.h"
#include "worker/pipeline/resources.h"

namespace millrace {
namespace {

// What the process needs beside the images: itself, and for each thread a compressor with its buffers and the small
// buffers that slots keep. Of a small budget never more than 3/8, so that the default of 512 MiB always leaves the
// default of 320 MiB for one image.
int64_t ForImages(int threads, int64_t memory_budget_bytes) {
  const int64_t itself = 64 * kMiB + 4 * kMiB * threads;
  return memory_budget_bytes - std::min(itself, memory_budget_bytes / 8 * 3);
}

}  // namespace

PipelineResources::PipelineResources(int threads, int64_t memory_budget_bytes, std::unique_ptr<HttpFetcher> fetcher)
    : shared_(std::make_unique<Shared>(std::max(threads, 1), ForImages(std::max(threads, 1), memory_budget_bytes),
                                       std::move(fetcher))) {}

PipelineResources::~PipelineResources() = default;

int64_t PipelineResources::memory_in_use() const { return shared_->budget.in_use(); }

std::string EncodingVersion() {
  constexpr int kOurs = 1;  // grows when our own code writes other bytes for the same input
  return absl::StrCat("millrace-", kOurs, " ", ImageVersions(), " ", GzipVersions(), " ", kPixelDeflateVersion);
}

}  // namespace millrace
