// Proves that a dataset folder is whole: every byte of every file is read and checked against the manifest, every
// record is decoded. Memory: one record a thread, whatever the size of the files. Files are checked in parallel.
//
// Checked: _SUCCESS carries the manifest's digest · no file that the manifest does not name · size, CRC32C and XXH3-128
// of each file · each shard is one whole gzip member · every frame's CRCs · number of records · exactly the seven
// features with their types, as many pixels as height × width × channels, the label inside the vocabulary, the split of
// the file · JPEG: markers to the end of the image, PNG: the header, both of the size that the record says · an index
// has the place of every record · schema and vocabulary fit the manifest.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/storage/storage.h"

namespace millrace {

struct VerifyOptions {
  int threads = 0;      // 0: one a core
  bool decode = false;  // also decode the pictures of the payloads jpeg and png: all of their damage, many times slower
  int max_problems = 100;  // kept; more are only counted
  // Called now and then from any thread with the bytes read so far; may be empty.
  std::function<void(int64_t bytes_done, int64_t bytes_total)> progress = {};
};

struct VerifyProblem {
  std::string file;     // below the folder
  int64_t record = -1;  // from 0, where one is concerned
  int64_t offset = -1;  // of that record in the uncompressed stream
  std::string found;    // "CRC32C is 0a1b2c3d, the manifest says 4d5e6f70"
  std::string advice;   // "the file was changed or damaged after the job: convert again or restore it from a copy"
};

struct VerifyReport {
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t records = 0;
  std::string digest;                   // "sha256:…" of the manifest found
  std::vector<VerifyProblem> problems;  // by file, then record; at most max_problems
  int64_t problems_found = 0;           // all

  bool ok() const { return problems_found == 0; }
};

// An error status only if the folder cannot be judged at all: NOT_FOUND (no manifest), DATA_LOSS or FAILED_PRECONDITION
// (its manifest cannot be read). Everything else is a problem in the report.
absl::StatusOr<VerifyReport> VerifyDataset(const Store& store, absl::string_view folder,
                                           const VerifyOptions& options = {});

}  // namespace millrace
