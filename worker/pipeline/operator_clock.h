// Rows, bytes, busy and wait time of the operators of one attempt, by name as metrics and `jobs describe` show them.
#pragma once

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "proto/task.pb.h"

namespace millrace {

// One thread.
class OperatorClock {
 public:
  enum Operator { kReadRows, kFetch, kDecode, kEncode, kGzip, kStorage, kOperators };
  static constexpr std::array<absl::string_view, kOperators> kNames = {"read_rows", "fetch", "decode",
                                                                       "encode",    "gzip",  "storage"};
  struct Work {
    int64_t rows = 0;
    int64_t bytes = 0;
    int64_t busy_ns = 0;
    int64_t wait_ns = 0;  // fetch: for memory and the network; encode: for a helper that prepares the next row
  };

  Work& operator[](Operator which) { return work_[which]; }
  // Sets the operators of a progress message.
  void Report(Progress& progress) const;

 private:
  std::array<Work, kOperators> work_;
};

}  // namespace millrace
