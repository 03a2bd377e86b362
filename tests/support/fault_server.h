// FaultServer: an HTTP/1.1 server on the loopback that does what a test's script says: answers, errors, lies about
// lengths, stalls, resets. With an identity it speaks TLS. A thread a connection.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "tests/support/tls_identity.h"

namespace millrace {

class FaultServer {
 public:
  struct Request {
    std::string path;  // with the query
    std::string head;  // everything as it came
    // The value of a header, or nothing.
    std::string Header(absl::string_view name) const;
  };
  enum class End {
    kKeep,   // the connection goes on
    kClose,  // closed in order
    kReset,  // RST
    kStall,  // open and silent, until the client or the test ends it
  };
  struct Reply {
    int status = 200;
    std::string body = {};
    std::vector<std::string> headers = {};
    End end = End::kKeep;
    std::optional<size_t> claimed_length = {};  // Content-Length, if not the body's size
    bool chunked = false;                       // no length at all
    bool silent = false;                        // not a byte before `end`
  };
  // Called on the connections' threads, several at once.
  using Script = std::function<Reply(const Request&)>;

  explicit FaultServer(Script script, const TlsIdentity* identity = nullptr);  // borrows it
  ~FaultServer();

  int port() const { return port_; }
  // "http://127.0.0.1:PORT" + path, or "https://localhost:PORT" + path
  std::string Uri(absl::string_view path) const;
  int64_t requests() const { return requests_; }
  int64_t connections() const { return accepted_; }
  // The most requests that were in the script at one time.
  int most_at_once() const { return most_at_once_; }
  // For scripts: waits until `n` requests are in the script at once; false once the server ends.
  bool AwaitAtOnce(int n);

 private:
  void Accept();
  struct Wire;
  void Serve(int socket);
  void Converse(Wire& wire);
  Reply Ask(const Request& request);

  const Script script_;
  const TlsIdentity* const identity_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int64_t> requests_{0};
  std::atomic<int64_t> accepted_{0};
  std::atomic<int> most_at_once_{0};
  Mutex mu_;
  int at_once_ ABSL_GUARDED_BY(mu_) = 0;
  int reached_ ABSL_GUARDED_BY(mu_) = 0;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<int> sockets_ ABSL_GUARDED_BY(mu_);
  std::list<std::thread> threads_ ABSL_GUARDED_BY(mu_);
  std::thread acceptor_;
};

}  // namespace millrace
