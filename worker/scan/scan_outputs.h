// The files a scan writes, each made visible below the attempt's staging folder when it is complete.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/csv/labels.h"
#include "common/dataset/row_log.h"
#include "common/storage/storage.h"
#include "proto/task.pb.h"

namespace millrace {

// One thread. Errors stick in the files.
class ScanOutputs {
 public:
  ScanOutputs(Store& store, std::string folder) : store_(store), folder_(std::move(folder)) {}

  absl::Status AddRow(int split, const LogRow& row);
  absl::Status AddDeadLetter(const BadRow& row, absl::string_view file);
  // Publishes the logs and the dead letters (an empty file without any).
  absl::Status Finish();
  absl::Status Write(absl::string_view name, absl::string_view bytes);

  int64_t rows(int split) const;
  std::string PathOf(absl::string_view name) const;

 private:
  struct Log {
    std::unique_ptr<PreparedWriter> file;
    std::unique_ptr<RowLogWriter> writer;
  };

  absl::StatusOr<std::unique_ptr<PreparedWriter>> Create(absl::string_view name);
  absl::Status Publish(PreparedWriter& file);
  absl::Status FlushDeadLetters();

  Store& store_;
  const std::string folder_;
  std::array<Log, kSplits> logs_;
  std::unique_ptr<PreparedWriter> dead_letters_;
  std::string buffered_;
};

}  // namespace millrace
