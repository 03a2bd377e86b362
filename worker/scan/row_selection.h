// RowSelection: which rows of the input a job takes that converts again what another job could not use (`millrace
// convert
// --rows-from-job`). Read from that job's dead letters: 24 bytes of memory each.
//
// One thread, one pass: Takes is asked about each row in the order of the input.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/storage/storage.h"
#include "proto/job.pb.h"

namespace millrace {

class RowSelection {
 public:
  // `files`: the inputs, absolute. INVALID_ARGUMENT if the dataset is not that job's any more, or of other inputs.
  static absl::StatusOr<RowSelection> Load(const Store& store, const RowsFrom& from,
                                           const std::vector<std::string>& files);
  // That job's label ids: positions in this list.
  static absl::StatusOr<std::vector<std::string>> Vocabulary(const Store& store, const RowsFrom& from);

  // INVALID_ARGUMENT if the row is one to take but has another image URI than it had: the input has changed since.
  absl::StatusOr<bool> Takes(int64_t file, int64_t row, absl::string_view uri);
  // INVALID_ARGUMENT if a row to take has not come.
  absl::Status CheckAllTaken() const;

 private:
  struct Wanted {
    int64_t file = 0;
    int64_t row = 0;
    uint64_t uri = 0;  // its hash; 0: whatever it is, the row itself was wrong
    bool operator<(const Wanted& other) const { return file != other.file ? file < other.file : row < other.row; }
  };
  RowSelection(RowsFrom from, std::vector<Wanted> wanted) : from_(std::move(from)), wanted_(std::move(wanted)) {}
  absl::Status Changed(absl::string_view what) const;

  RowsFrom from_;
  std::vector<Wanted> wanted_;  // in the order of the input
  size_t next_ = 0;
};

}  // namespace millrace
