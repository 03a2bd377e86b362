#include "common/net/http_source.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/net/curl_transfer.h"
#include "common/net/fetch_policy.h"
#include "common/net/http_headers.h"

namespace millrace {
namespace {

constexpr size_t kAheadBytes = 1 << 20;
constexpr long kReceiveBytes = 256 << 10;

absl::StatusCode CodeOf(FetchReason reason) {
  switch (reason) {
    case FetchReason::k404:
    case FetchReason::k410:
      return absl::StatusCode::kNotFound;
    case FetchReason::k401:
    case FetchReason::k403:
      return absl::StatusCode::kPermissionDenied;
    case FetchReason::kUri:
    case FetchReason::kScheme:
    case FetchReason::k4xx:
      return absl::StatusCode::kInvalidArgument;
    case FetchReason::kRefused:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

// The stream over all its connections.
class HttpSource::Stream : public CurlTransfer::Receiver {
 public:
  Stream(std::shared_ptr<const TransferRules> rules, HttpUri uri, std::stop_token stop)
      : rules_(std::move(rules)),
        uri_(std::move(uri)),
        stop_(std::move(stop)),
        multi_(curl_multi_init()),
        transfer_(rules_, this),
        wake_(stop_, Wake{multi_}),
        random_(std::random_device()()) {
    curl_easy_setopt(transfer_.easy(), CURLOPT_BUFFERSIZE, kReceiveBytes);
  }

  ~Stream() override {
    if (connected_) curl_multi_remove_handle(multi_, transfer_.easy());
  }

  // Until there is a byte to be read, or the end.
  absl::Status Fill() {
    if (next_ == ahead_.size()) {
      ahead_.clear();
      next_ = 0;
    }
    while (status_.ok() && ahead_.empty() && !ended_) {
      if (stop_.stop_requested()) {
        status_ = absl::CancelledError("stopped");
      } else if (absl::Status status = connected_ ? Drive() : Connect(); !status.ok()) {
        status_ = Annotate(status, RedactUri(uri_.text));
      }
    }
    return status_;
  }

  size_t Take(char* buffer, size_t n) {
    n = std::min(n, ahead_.size() - next_);
    std::memcpy(buffer, ahead_.data() + next_, n);
    next_ += n;
    return n;
  }

  int64_t size() const { return size_; }
  int reconnections() const { return reconnections_; }

  Verdict OnBody(absl::string_view bytes) override {
    if (!head_checked_) CheckHead();
    if (!body_) return (unwanted_ += bytes.size()) > kAheadBytes ? Verdict::kAbort : Verdict::kGoOn;
    if (ahead_.size() >= kAheadBytes) {
      paused_ = true;
      return Verdict::kPause;
    }
    const size_t known = static_cast<size_t>(std::min<int64_t>(skip_, static_cast<int64_t>(bytes.size())));
    skip_ -= static_cast<int64_t>(known);
    bytes.remove_prefix(known);
    ahead_.append(bytes.data(), bytes.size());
    received_ += static_cast<int64_t>(bytes.size());
    if (!bytes.empty()) tries_ = 0;
    return Verdict::kGoOn;
  }

 private:
  // Owned by a member that is destroyed after the stop callback, which may run on another thread until then.
  struct Multi {
    explicit Multi(CURLM* m) : multi(m) {}
    ~Multi() { curl_multi_cleanup(multi); }
    operator CURLM*() const { return multi; }  // NOLINT: it stands for the handle
    CURLM* const multi;
  };
  struct Wake {
    CURLM* multi;
    void operator()() const { curl_multi_wakeup(multi); }
  };

  absl::Status Connect();
  absl::Status Drive();
  absl::Status Ended(int code);
  absl::Status EndedByStatus(int status);
  absl::Status TryAgain(const TransferError& error, absl::Duration least);
  absl::Status Fail(FetchReason reason, absl::string_view detail) const;
  void CheckHead();
  bool IsSameObject() const;
  bool Pause(absl::Duration time);

  const std::shared_ptr<const TransferRules> rules_;
  const HttpUri uri_;
  const std::stop_token stop_;
  const Multi multi_;
  CurlTransfer transfer_;
  std::stop_callback<Wake> wake_;
  std::minstd_rand random_;

  absl::Status status_;
  std::string ahead_;
  size_t next_ = 0;
  int64_t received_ = 0;  // of the object, over all connections
  bool ended_ = false;

  // Of the object, from the first answer.
  bool known_ = false;
  std::string etag_;
  std::string modified_;
  int64_t size_ = -1;

  // Of this connection.
  std::string redirected_;
  bool connected_ = false;
  bool paused_ = false;
  bool head_checked_ = false;
  bool body_ = false;     // what comes is the object
  bool changed_ = false;  // it is another object
  int64_t skip_ = 0;      // bytes that we have already: the server does not know Range
  size_t unwanted_ = 0;
  int redirects_ = 0;
  int tries_ = 0;  // since the last byte
  int reconnections_ = 0;
};

absl::Status HttpSource::Stream::Fail(FetchReason reason, absl::string_view detail) const {
  return absl::Status(CodeOf(reason), absl::StrCat(WordOf(reason), " (", detail, ")"));
}

absl::Status HttpSource::Stream::Connect() {
  auto uri = ParseHttpUri(redirected_.empty() ? uri_.text : redirected_);
  if (const auto* error = std::get_if<UriError>(&uri)) return Fail(error->reason, error->detail);
  std::vector<std::string> headers;
  if (received_ > 0) {
    headers.push_back(absl::StrCat("Range: bytes=", received_, "-"));
    if (!etag_.empty() && !absl::StartsWith(etag_, "W/")) headers.push_back(absl::StrCat("If-Match: ", etag_));
    if (!modified_.empty()) headers.push_back(absl::StrCat("If-Unmodified-Since: ", modified_));
  }
  paused_ = head_checked_ = body_ = changed_ = false;
  skip_ = 0;
  unwanted_ = 0;
  transfer_.Begin(std::get<HttpUri>(uri), absl::ZeroDuration(), headers);
  curl_multi_add_handle(multi_, transfer_.easy());
  connected_ = true;
  return absl::OkStatus();
}

// Lets libcurl read what has come, or waits for something.
absl::Status HttpSource::Stream::Drive() {
  if (std::exchange(paused_, false)) transfer_.Resume();
  int running = 0;
  int left = 0;
  curl_multi_perform(multi_, &running);
  if (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    const int code = message->data.result;
    curl_multi_remove_handle(multi_, transfer_.easy());
    connected_ = false;
    return Ended(code);
  }
  if (ahead_.empty()) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
  return absl::OkStatus();
}

// Whether this answer is about the object of the first one.
bool HttpSource::Stream::IsSameObject() const {
  return transfer_.Header("ETag") == etag_ && transfer_.Header("Last-Modified") == modified_;
}

void HttpSource::Stream::CheckHead() {
  head_checked_ = true;
  const int status = transfer_.status();
  if (status != 200 && status != 206) return;
  if (!known_) {
    body_ = status == 200;  // nothing but a range without having asked for one is no answer
    known_ = body_;
    etag_ = transfer_.Header("ETag");
    modified_ = transfer_.Header("Last-Modified");
    size_ = transfer_.content_length();
    return;
  }
  changed_ = !IsSameObject();
  if (status == 200) {
    skip_ = received_;
    changed_ = changed_ || (size_ >= 0 && transfer_.content_length() != size_);
  } else {
    const auto range = ParseContentRange(transfer_.Header("Content-Range"));
    changed_ = changed_ || !range.has_value() || range->begin != received_ ||
               (size_ >= 0 && range->total >= 0 && range->total != size_);
  }
  body_ = !changed_;
}

absl::Status HttpSource::Stream::Ended(int code) {
  if (!head_checked_ && code == CURLE_OK) CheckHead();
  if (changed_) return Fail(FetchReason::kStatus, "the object changed while it was read");
  if (body_ && code == CURLE_OK && skip_ == 0) {
    ended_ = true;
    return absl::OkStatus();
  }
  if (code != CURLE_OK && (body_ || !head_checked_)) return TryAgain(transfer_.Explain(code), absl::ZeroDuration());
  return EndedByStatus(transfer_.status());
}

absl::Status HttpSource::Stream::EndedByStatus(int status) {
  if (received_ > 0 && (status == 412 || status == 416 || skip_ > 0)) {
    return Fail(FetchReason::kStatus, "the object changed while it was read");
  }
  redirected_ = status / 100 == 3 ? transfer_.RedirectTarget() : "";
  if (!redirected_.empty()) {
    if (++redirects_ <= rules_->options.max_redirects) return absl::OkStatus();
    return Fail(FetchReason::kRedirects, absl::StrCat("more than ", rules_->options.max_redirects));
  }
  const auto wait = ParseRetryAfter(transfer_.Header("Retry-After"), absl::Now());
  return TryAgain({ReasonOf(status), absl::StrCat("the server answered ", status), MayPass(status)},
                  std::min(wait.value_or(absl::ZeroDuration()), rules_->options.max_retry_after));
}

absl::Status HttpSource::Stream::TryAgain(const TransferError& error, absl::Duration least) {
  if (!error.may_pass || ++tries_ >= rules_->options.max_requests) return Fail(error.reason, error.detail);
  if (received_ > 0 && etag_.empty() && modified_.empty()) {
    return Fail(error.reason, absl::StrCat(error.detail, ", after ", WithThousands(received_),
                                           " bytes; the server names neither ETag nor Last-Modified, by which the rest "
                                           "could be known to belong to them"));
  }
  redirected_.clear();
  redirects_ = 0;
  reconnections_ += received_ > 0;
  const double random = std::uniform_real_distribution<double>()(random_);
  return Pause(least + Backoff(rules_->options, tries_, random)) ? absl::OkStatus() : absl::CancelledError("stopped");
}

// False if it was stopped.
bool HttpSource::Stream::Pause(absl::Duration time) {
  const absl::Time end = absl::Now() + time;
  for (absl::Duration left; !stop_.stop_requested();) {
    left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return true;
    curl_multi_poll(multi_, nullptr, 0,
                    static_cast<int>(absl::ToInt64Milliseconds(std::min(left, absl::Seconds(60)))) + 1, nullptr);
  }
  return false;
}

absl::StatusOr<std::unique_ptr<HttpSource>> HttpSource::Open(HttpOptions options, absl::string_view uri,
                                                             std::stop_token stop) {
  MILLRACE_ASSIGN_OR_RETURN(std::shared_ptr<const TransferRules> rules, TransferRules::Create(std::move(options)));
  auto parsed = ParseHttpUri(uri);
  if (const auto* error = std::get_if<UriError>(&parsed)) {
    return absl::InvalidArgumentError(absl::StrCat(JsonEscape(RedactUri(uri)), ": ", error->detail));
  }
  auto stream = std::make_unique<Stream>(std::move(rules), std::get<HttpUri>(std::move(parsed)), std::move(stop));
  MILLRACE_RETURN_IF_ERROR(stream->Fill());
  return std::unique_ptr<HttpSource>(new HttpSource(std::move(stream)));
}

HttpSource::HttpSource(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
HttpSource::~HttpSource() = default;

absl::StatusOr<size_t> HttpSource::Read(char* buffer, size_t n) {
  MILLRACE_RETURN_IF_ERROR(stream_->Fill());
  return stream_->Take(buffer, n);
}

int64_t HttpSource::size() const { return stream_->size(); }
int HttpSource::reconnections() const { return stream_->reconnections(); }

}  // namespace millrace
