// Any bytes as _manifest.json and _stats.json: an error, or values that are written and read back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "common/dataset/manifest.h"
#include "common/dataset/statistics.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = millrace::ParseManifest(text); manifest.ok()) {
    const std::string once = millrace::ManifestText(*manifest);
    const auto again = millrace::ParseManifest(once);
    if (!again.ok() || millrace::ManifestText(*again) != once) abort();
  }
  if (const auto statistics = millrace::ParseStatistics(text); statistics.ok()) {
    const std::string once = millrace::StatisticsText(*statistics);
    const auto again = millrace::ParseStatistics(once);
    if (!again.ok() || millrace::StatisticsText(*again) != once) abort();
  }
  return 0;
}
