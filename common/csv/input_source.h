// A user's input as text, inflated if it is gzip, whatever its name. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/io/byte_stream.h"
#include "common/io/gzip_reader.h"

namespace millrace {

// Where an input's bytes come from: this machine's disk, or what the program puts behind a name ("https://…").
using InputOpener = std::function<absl::StatusOr<std::unique_ptr<ByteSource>>(absl::string_view path)>;
absl::StatusOr<std::unique_ptr<ByteSource>> OpenInputFile(absl::string_view path);

class InputSource : public ByteSource {
 public:
  // Inflates what begins as gzip and what is called *.gz ("….csv.gz?token=1" too: by its first bytes). Errors as those
  // of `open`; those of gzip when reading.
  static absl::StatusOr<std::unique_ptr<InputSource>> Open(absl::string_view path,
                                                           const InputOpener& open = OpenInputFile);

  absl::StatusOr<size_t> Read(char* buffer, size_t n) override;
  int64_t bytes_read() const { return file_.bytes; }  // of the file, for progress

 private:
  // Counts what goes by, and gives the bytes that were looked at first.
  struct CountedFile : public ByteSource {
    explicit CountedFile(std::unique_ptr<ByteSource> opened) : source(std::move(opened)) {}
    absl::StatusOr<size_t> Read(char* buffer, size_t n) override;
    const std::unique_ptr<ByteSource> source;
    std::string head;
    int64_t bytes = 0;
  };

  explicit InputSource(std::unique_ptr<ByteSource> file) : file_(std::move(file)) {}

  CountedFile file_;
  std::unique_ptr<GzipReader> gzip_;
};

}  // namespace millrace
