#include "tests/support/tls_identity.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

namespace millrace {
namespace {

void Must(bool holds) {
  if (!holds) std::abort();
}

X509* SelfSigned(EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  Must(X509_sign(certificate, key, EVP_sha256()) > 0);
  return certificate;
}

std::string ToPem(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  char* bytes = nullptr;
  const long n = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<size_t>(n));
  BIO_free(bio);
  return pem;
}

}  // namespace

TlsIdentity::TlsIdentity() : context_(SSL_CTX_new(TLS_server_method())) {
  auto* context = static_cast<SSL_CTX*>(context_);
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = SelfSigned(key);
  Must(SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1);
  certificate_ = ToPem(certificate);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

TlsIdentity::~TlsIdentity() { SSL_CTX_free(static_cast<SSL_CTX*>(context_)); }

void* TlsIdentity::Accept(int socket) const {
  SSL* ssl = SSL_new(static_cast<SSL_CTX*>(context_));
  SSL_set_fd(ssl, socket);
  if (SSL_accept(ssl) == 1) return ssl;
  SSL_free(ssl);
  return nullptr;
}

void TlsIdentity::Close(void* ssl) { SSL_free(static_cast<SSL*>(ssl)); }

long TlsRead(void* ssl, char* buffer, int n) { return SSL_read(static_cast<SSL*>(ssl), buffer, n); }
long TlsWrite(void* ssl, const char* bytes, int n) { return SSL_write(static_cast<SSL*>(ssl), bytes, n); }

}  // namespace millrace
