// What `verify` checks of one file. Internal to common/dataset.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/dataset/manifest.h"
#include "common/dataset/sample_decoder.h"
#include "common/dataset/verify.h"
#include "common/storage/storage.h"

namespace millrace {

struct FileFindings {
  int64_t records = 0;
  int64_t bytes = 0;  // read
  std::vector<VerifyProblem> problems;
};

// Reads the whole file. `add_bytes` hears of bytes read. A file has at most about ten problems: damage repeats itself.
FileFindings CheckFile(const Store& store, absl::string_view folder, const Manifest& manifest, const ManifestFile& file,
                       DecodeDepth depth, const std::function<void(int64_t)>& add_bytes);

}  // namespace millrace
