// A user's input file as text, inflated if it is gzip, whatever its name. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/io/byte_stream.h"
#include "common/io/gzip_reader.h"

namespace millrace {

class InputSource : public ByteSource {
 public:
  // Inflates what begins as gzip and what is called *.gz. Errors as FileSource's; those of gzip when reading.
  static absl::StatusOr<std::unique_ptr<InputSource>> Open(absl::string_view path);

  absl::StatusOr<size_t> Read(char* buffer, size_t n) override;
  int64_t bytes_read() const { return file_.bytes; }  // of the file, for progress

 private:
  // Counts what goes by, and gives the bytes that were looked at first.
  struct CountedFile : public ByteSource {
    explicit CountedFile(FileSource opened) : source(std::move(opened)) {}
    absl::StatusOr<size_t> Read(char* buffer, size_t n) override;
    FileSource source;
    std::string head;
    int64_t bytes = 0;
  };

  explicit InputSource(FileSource file) : file_(std::move(file)) {}

  CountedFile file_;
  std::unique_ptr<GzipReader> gzip_;
};

}  // namespace millrace
