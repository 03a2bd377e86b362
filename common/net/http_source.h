// HttpSource: a body of any size, for example a CSV, read once from its start while it comes. A connection that is lost
// is taken up again where it ended (Range), and only if the object is still the same (ETag, Last-Modified): two
// versions are never mixed.
//
//   auto source = HttpSource::Open({}, "https://example.org/images.csv.gz", stop);
//   GzipReader reader(**source, GzipMembers::kMany);
//
// One owner, one thread. It has no thread of its own: the network is read in Read(), at most 1 MiB ahead. HttpOptions
// mean what they mean to HttpFetcher, but that total_timeout and the limits of requests do not apply: a long list may
// take long, as long as it comes with the minimum speed. max_requests counts tries without a new byte.
//
// Errors name the URI without its secrets: NOT_FOUND (404, 410), PERMISSION_DENIED (401, 403), INVALID_ARGUMENT (not a
// URI, another answer 4xx), FAILED_PRECONDITION (an address that this machine may not reach), CANCELLED, UNAVAILABLE
// (all others; also when the object changed meanwhile: reading it again from its start may work). They stick.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/io/byte_stream.h"
#include "common/net/http_fetcher.h"

namespace millrace {

class HttpSource : public ByteSource {
 public:
  // Returns once the server has answered with the start of the body, or with its end.
  static absl::StatusOr<std::unique_ptr<HttpSource>> Open(HttpOptions options, absl::string_view uri,
                                                          std::stop_token stop = {});
  ~HttpSource() override;
  absl::StatusOr<size_t> Read(char* buffer, size_t n) override;

  int64_t size() const;  // −1 if the server does not say
  int reconnections() const;

 private:
  class Stream;
  explicit HttpSource(std::unique_ptr<Stream> stream);
  std::unique_ptr<Stream> stream_;
};

}  // namespace millrace
