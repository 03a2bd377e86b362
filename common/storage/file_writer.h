// The PreparedWriter of the file store: one file under its staging path.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/storage/content_digest.h"
#include "common/storage/posix_file.h"
#include "common/storage/storage.h"

namespace millrace {

class FileWriter : public PreparedWriter {
 public:
  // Creates `staging` and its folders. A file left there by an earlier try under the same name is unlinked, not
  // truncated: it may be the other name of a published file.
  static absl::StatusOr<std::unique_ptr<FileWriter>> Create(absl::string_view path, absl::string_view staging,
                                                            int64_t write_back_bytes);
  ~FileWriter() override;
  absl::Status Append(absl::string_view bytes) override;
  absl::StatusOr<PreparedFile> Finish() override;

 private:
  FileWriter(absl::string_view path, absl::string_view staging, int64_t write_back_bytes, Fd fd);
  absl::Status Flush();
  absl::Status Write(absl::string_view bytes);
  // UNAVAILABLE if somebody took the staging name away (the attempt was fenced and cleaned up): its bytes are lost.
  absl::Status CheckStillNamed() const;

  const std::string path_;
  const std::string staging_;
  const int64_t write_back_bytes_;
  Fd fd_;
  ContentDigest digest_;
  std::string buffer_;
  int64_t written_ = 0;
  int64_t write_back_begun_ = 0;
  bool finished_ = false;
  absl::Status status_;
};

}  // namespace millrace
