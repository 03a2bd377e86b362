// TlsIdentity: a fresh key with its own certificate for "localhost", for servers of tests.
#pragma once

#include <string>

namespace millrace {

class TlsIdentity {
 public:
  TlsIdentity();
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;

  // What a client must trust, PEM.
  const std::string& certificate() const { return certificate_; }
  // An SSL* that has taken the client's greeting on this socket, to be freed with Close; null if they do not agree.
  void* Accept(int socket) const;
  static void Close(void* ssl);

 private:
  void* context_;  // SSL_CTX*
  std::string certificate_;
};

// As recv and send.
long TlsRead(void* ssl, char* buffer, int n);
long TlsWrite(void* ssl, const char* bytes, int n);

}  // namespace millrace
