// A client that sends exactly the bytes of a test and returns exactly the bytes it got: no HTTP library in between.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace millrace {

class RawClient {
 public:
  // Connects to 127.0.0.1:port; connected() tells whether that worked.
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return socket_ >= 0; }
  void Send(absl::string_view bytes);
  // Reads until the server closes, at most 10 s.
  std::string ReadToEnd();
  // Reads until `text` has come; what came so far if it never does within 10 s or the server closes.
  std::string ReadUntil(absl::string_view text);

 private:
  bool ReadSome(std::string* all);
  int socket_;
};

// One request with "Connection: close", so that the answer ends with the connection.
std::string Ask(int port, absl::string_view request);

}  // namespace millrace
