// One image file of this machine, opened so that nothing but a regular file can be read: no FIFO blocks, no device is
// touched, no link leads out of the allowed folders.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "common/image/image_error.h"

namespace millrace {

// One owner, one thread. Errors are reasons of a dead letter: file/not_found, file/permission, file/root,
// file/not_regular, file/empty, file/io. What may pass by itself (EIO, ESTALE, EAGAIN) is tried three times within 150
// ms.
class ImageFile {
 public:
  ImageFile() = default;
  ~ImageFile() { Close(); }
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;

  // `roots`: real paths of folders; the file's own real path must lie below one. Empty: anywhere.
  std::optional<ImageError> Open(const std::string& path, const std::vector<std::string>& roots, std::stop_token stop);
  int64_t size() const { return size_; }
  // Reads size() bytes. A file that has become shorter is file/io.
  std::optional<ImageError> Read(uint8_t* buffer, std::stop_token stop) {
    return ReadStart(buffer, size_, std::move(stop));
  }
  // The same for the first n bytes, n ≤ size().
  std::optional<ImageError> ReadStart(uint8_t* buffer, int64_t n, std::stop_token stop = {});

 private:
  int OpenOnce(const std::string& path, const std::vector<std::string>& roots);
  int ReadOnce(uint8_t* buffer, int64_t n);
  void Close();

  int fd_ = -1;
  int64_t size_ = 0;
  int64_t read_ = 0;
  bool outside_ = false;
};

}  // namespace millrace
