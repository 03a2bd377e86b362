// Shows records back as pictures, as `tfrecorder inspect` does: PNG files and a data.csv with what else the records
// say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/storage/storage.h"
#include "proto/task.pb.h"

namespace millrace {

struct InspectOptions {
  Split split = SPLIT_TRAIN;
  int64_t records = 1;
  std::string output;        // local folder, created; files of an earlier inspection are replaced
  std::string montage = "";  // path of a contact sheet (montage.h) of the first 1,024 of the records; empty: none
};

struct InspectResult {
  int64_t records = 0;              // may be fewer than asked for: that is all the split has
  std::vector<std::string> images;  // paths of the PNG files, in the order of the records
  std::string csv;                  // path of data.csv; with a montage, it says where on it each picture is
  std::string montage;              // its path, empty without one
};

// The first records of the split, in the order of its shards. `folder` is a dataset of ours, or of TFRecorder (without
// a manifest shards are found by name). NOT_FOUND: no such split; DATA_LOSS: file, record and offset.
absl::StatusOr<InspectResult> InspectDataset(const Store& store, absl::string_view folder,
                                             const InspectOptions& options);

}  // namespace millrace
