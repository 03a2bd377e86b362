#include "common/net/curl_transfer.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/base/call_once.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"

namespace millrace {
namespace {

template <typename Value>
void Set(void* easy, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  if (code != CURLE_OK) {
    Log(LogLevel::kError, "libcurl refused an option",
        {{"option", absl::StrCat(static_cast<int>(option))}, {"error", curl_easy_strerror(code)}});
    std::abort();  // without it a request would go out under other rules than ours
  }
}

// Where distributions keep the certificates of the authorities; libcurl knows Debian's only.
std::string FindCaFile() {
  if (const char* file = std::getenv("SSL_CERT_FILE"); file != nullptr && *file != '\0') return file;
  for (const char* file : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (access(file, R_OK) == 0) return file;
  }
  return "";
}

absl::Status Check(const HttpOptions& options) {
  if (options.max_in_flight < 1 || options.max_per_host < 1 || options.max_requests < 1 || options.max_redirects < 0) {
    return absl::InvalidArgumentError("http: limits of requests must be at least 1");
  }
  if (options.connect_timeout < absl::Milliseconds(1) || options.total_timeout < absl::Milliseconds(1) ||
      options.min_speed_window < absl::Seconds(1) || options.backoff_base < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("http: timeouts must be positive");
  }
  if (options.retry_ratio < 0 || options.retry_ratio > 1) {
    return absl::InvalidArgumentError("http: the part of repetitions must lie between 0 and 1");
  }
  return absl::OkStatus();
}

std::shared_ptr<void> MakeList(const std::vector<std::string>& lines) {
  curl_slist* list = nullptr;
  for (const std::string& line : lines) list = curl_slist_append(list, line.c_str());
  return std::shared_ptr<void>(list, [](void* p) { curl_slist_free_all(static_cast<curl_slist*>(p)); });
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TransferRules>> TransferRules::Create(HttpOptions options) {
  static absl::once_flag started;
  absl::call_once(started, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  MILLRACE_RETURN_IF_ERROR(Check(options));
  auto rules = std::make_shared<TransferRules>();
  MILLRACE_ASSIGN_OR_RETURN(rules->policy, AddressPolicy::Create(options.allow));
  if (options.user_agent.empty()) options.user_agent = absl::StrCat("millrace/", kVersion);
  if (options.ca_file.empty()) options.ca_file = FindCaFile();
  rules->resolve = MakeList(options.resolve);
  rules->options = std::move(options);
  return std::shared_ptr<const TransferRules>(std::move(rules));
}

// What libcurl calls. Two of them guard addresses: a socket is not opened for a connection that is reused, so that the
// first alone would let a request through which another one, under a wider rule for its host, opened the way for.
struct CurlCallbacks {
  static curl_socket_t OpenSocket(void* self, curlsocktype, curl_sockaddr* a) {
    auto* transfer = static_cast<CurlTransfer*>(self);
    const sockaddr* address = &a->addr;
    if (!Allowed(*transfer, IpAddress::Of(address), transfer->port_)) return CURL_SOCKET_BAD;
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
  }

  static int BeforeRequest(void* self, char* remote_ip, char*, int remote_port, int) {
    auto* transfer = static_cast<CurlTransfer*>(self);
    const absl::StatusOr<IpAddress> ip = IpAddress::Parse(remote_ip);
    const bool allowed = Allowed(*transfer, ip.value_or(IpAddress()), static_cast<uint16_t>(remote_port));
    return allowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  }

  static bool Allowed(CurlTransfer& transfer, const IpAddress& address, uint16_t port) {
    if (!transfer.rules_->options.proxy.empty()) return true;  // it is the proxy's address; the user named it
    std::string why = transfer.rules_->policy.WhyRefused(transfer.host_, address, port);
    if (why.empty()) return true;
    transfer.refused_ = std::move(why);
    return false;
  }

  static size_t Body(char* bytes, size_t, size_t n, void* self) {
    switch (static_cast<CurlTransfer*>(self)->receiver_->OnBody({bytes, n})) {
      case CurlTransfer::Receiver::Verdict::kGoOn:
        return n;
      case CurlTransfer::Receiver::Verdict::kPause:
        return CURL_WRITEFUNC_PAUSE;
      case CurlTransfer::Receiver::Verdict::kAbort:
        break;
    }
    return CURL_WRITEFUNC_ERROR;
  }
};

CurlTransfer::CurlTransfer(std::shared_ptr<const TransferRules> rules, Receiver* receiver)
    : rules_(std::move(rules)),
      receiver_(receiver),
      easy_(curl_easy_init()),
      error_(std::make_unique<char[]>(CURL_ERROR_SIZE)) {
  const HttpOptions& options = rules_->options;
  Set(easy_, CURLOPT_ERRORBUFFER, error_.get());
  Set(easy_, CURLOPT_NOSIGNAL, 1L);
  Set(easy_, CURLOPT_QUICK_EXIT, 1L);  // else giving up a slow name lookup waits for it, and all others with it
  Set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy_, CURLOPT_FOLLOWLOCATION, 0L);  // we do: with limits and pauses of the host that it leads to
  Set(easy_, CURLOPT_PROXY, options.proxy.c_str());
  Set(easy_, CURLOPT_NOPROXY, options.proxy.empty() ? "*" : "");
  Set(easy_, CURLOPT_USERAGENT, options.user_agent.c_str());
  Set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  Set(easy_, CURLOPT_PIPEWAIT, 1L);
  Set(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(options.connect_timeout)));
  Set(easy_, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.min_bytes_per_second));
  Set(easy_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(absl::ToInt64Seconds(options.min_speed_window)));
  if (!options.ca_file.empty()) Set(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
  // With Debian's folder beside the file libcurl would parse all certificates for each connection again (20 ms of CPU).
  if (!options.ca_file.empty()) Set(easy_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  if (rules_->resolve != nullptr) Set(easy_, CURLOPT_RESOLVE, static_cast<curl_slist*>(rules_->resolve.get()));
  Set(easy_, CURLOPT_OPENSOCKETFUNCTION, CurlCallbacks::OpenSocket);
  Set(easy_, CURLOPT_OPENSOCKETDATA, this);
  Set(easy_, CURLOPT_PREREQFUNCTION, CurlCallbacks::BeforeRequest);
  Set(easy_, CURLOPT_PREREQDATA, this);
  Set(easy_, CURLOPT_WRITEFUNCTION, CurlCallbacks::Body);
  Set(easy_, CURLOPT_WRITEDATA, this);
}

CurlTransfer::~CurlTransfer() { curl_easy_cleanup(easy_); }

void CurlTransfer::Begin(const HttpUri& uri, absl::Duration timeout, const std::vector<std::string>& headers) {
  host_ = uri.host;
  port_ = uri.port;
  refused_.clear();
  error_[0] = '\0';
  headers_ = MakeList(headers);
  Set(easy_, CURLOPT_URL, uri.text.c_str());
  Set(easy_, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(headers_.get()));
  Set(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(timeout)));
}

void CurlTransfer::Resume() { curl_easy_pause(easy_, CURLPAUSE_CONT); }

int CurlTransfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

int64_t CurlTransfer::content_length() const {
  curl_off_t length = -1;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  return length;
}

int64_t CurlTransfer::received_bytes() const {
  curl_off_t bytes = 0;
  curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
  return bytes;
}

std::vector<std::string> CurlTransfer::Headers(const char* name) const {
  std::vector<std::string> values;
  curl_header* header = nullptr;
  for (size_t i = 0; curl_easy_header(easy_, name, i, CURLH_HEADER, -1, &header) == CURLHE_OK; ++i) {
    values.emplace_back(header->value);
  }
  return values;
}

std::string CurlTransfer::Header(const char* name) const {
  curl_header* header = nullptr;
  return curl_easy_header(easy_, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : "";
}

std::string CurlTransfer::RedirectTarget() const {
  char* target = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &target);
  return target == nullptr ? "" : target;
}

TransferError CurlTransfer::ExplainTimeout() const {
  curl_off_t name_us = 0;
  curl_off_t ready_us = 0;
  curl_easy_getinfo(easy_, CURLINFO_NAMELOOKUP_TIME_T, &name_us);
  curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
  if (absl::StartsWith(error_.get(), "Operation too slow")) {
    return {FetchReason::kTooSlow,
            absl::StrCat("less than ", rules_->options.min_bytes_per_second, " bytes a second for ",
                         absl::FormatDuration(rules_->options.min_speed_window)),
            true};
  }
  if (ready_us > 0) return {FetchReason::kTimeout, "no complete answer in time", true};
  if (name_us == 0 && !IpAddress::Parse(host_).ok()) {
    return {FetchReason::kDns, absl::StrCat("no answer about the name ", host_), true};
  }
  return {FetchReason::kConnect, absl::StrCat("no connection to ", host_, " in time"), true};
}

TransferError CurlTransfer::Explain(int code) const {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {FetchReason::kDns, absl::StrCat("the name ", host_, " cannot be resolved"), true};
    case CURLE_OPERATION_TIMEDOUT:
      return ExplainTimeout();
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_COULDNT_CONNECT:
      if (!refused_.empty()) return {FetchReason::kRefused, refused_, false};
      return {FetchReason::kConnect, absl::StrCat("no connection to ", host_, ", port ", port_), true};
    case CURLE_SSL_CONNECT_ERROR:
      return {FetchReason::kTls, error_.get(), true};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
      return {FetchReason::kTls, error_.get(), false};
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {FetchReason::kScheme, "only http:// and https:// are fetched", false};
    case CURLE_URL_MALFORMAT:
      return {FetchReason::kUri, "not a URI", false};
    case CURLE_WEIRD_SERVER_REPLY:
      return {FetchReason::kStatus, "the answer is not HTTP", false};
    case CURLE_PARTIAL_FILE:
      return {FetchReason::kShortBody,
              absl::StrCat("the server closed after ", WithThousands(received_bytes()), " of ",
                           WithThousands(content_length()), " bytes"),
              true};
    default:
      break;
  }
  if (received_bytes() > 0) return {FetchReason::kShortBody, "the connection was lost before the end", true};
  return {FetchReason::kConnect, "the connection was lost before an answer", true};
}

}  // namespace millrace
