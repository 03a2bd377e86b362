// CurlTransfer: one easy handle of libcurl, under the rules by which all our requests go out: no proxy that nobody
// asked for, no scheme but http and https, no redirect that we did not look at, no address that the policy refuses.
// Inside common/net only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/net/address_policy.h"
#include "common/net/fetch_reason.h"
#include "common/net/http_fetcher.h"
#include "common/net/http_uri.h"

namespace millrace {

// What is the same for all transfers of one owner. Constant, thread-safe.
struct TransferRules {
  // INVALID_ARGUMENT naming the option that makes no sense. Also starts libcurl.
  static absl::StatusOr<std::shared_ptr<const TransferRules>> Create(HttpOptions options);

  HttpOptions options;  // user_agent and ca_file filled in
  AddressPolicy policy;
  std::shared_ptr<void> resolve;  // options.resolve as libcurl wants it
};

// Why a transfer failed.
struct TransferError {
  FetchReason reason = FetchReason::kConnect;
  std::string detail;     // says nothing that differs from one time to the next
  bool may_pass = false;  // the same request may work a moment later
};

// One thread at a time.
class CurlTransfer {
 public:
  // Gets the body as it comes; before its first bytes, head and status are complete.
  class Receiver {
   public:
    enum class Verdict { kGoOn, kPause, kAbort };
    virtual ~Receiver() = default;
    // kPause: the same bytes come again after Resume().
    virtual Verdict OnBody(absl::string_view bytes) = 0;
  };

  CurlTransfer(std::shared_ptr<const TransferRules> rules, Receiver* receiver);  // borrows `receiver`
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;

  // Makes the handle ready for a GET. `timeout` zero: none, but for connecting and for the minimum speed.
  void Begin(const HttpUri& uri, absl::Duration timeout, const std::vector<std::string>& headers = {});
  void Resume();
  void* easy() const { return easy_; }

  int status() const;
  int64_t content_length() const;  // −1: not said
  int64_t received_bytes() const;
  std::vector<std::string> Headers(const char* name) const;  // every header of this name
  std::string Header(const char* name) const;                // the first one, or nothing
  std::string RedirectTarget() const;                        // absolute; empty if the answer is no redirect
  // What a result of libcurl other than OK means.
  TransferError Explain(int code) const;

 private:
  friend struct CurlCallbacks;
  TransferError ExplainTimeout() const;

  const std::shared_ptr<const TransferRules> rules_;
  Receiver* const receiver_;
  void* const easy_;
  std::shared_ptr<void> headers_;
  std::unique_ptr<char[]> error_;
  std::string host_;
  uint16_t port_ = 0;
  std::string refused_;  // by the address policy, and why
};

}  // namespace millrace
