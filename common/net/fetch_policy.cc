#include "common/net/fetch_policy.h"

#include <algorithm>
#include <cmath>

namespace millrace {

FetchReason ReasonOf(int status) {
  switch (status) {
    case 401:
      return FetchReason::k401;
    case 403:
      return FetchReason::k403;
    case 404:
      return FetchReason::k404;
    case 410:
      return FetchReason::k410;
    case 429:
      return FetchReason::k429;
    default:
      return status >= 500 ? FetchReason::k5xx : status >= 400 ? FetchReason::k4xx : FetchReason::kStatus;
  }
}

bool MayPass(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

absl::Duration Backoff(const HttpOptions& options, int tries, double random) {
  const double doublings = std::ldexp(1, std::clamp(tries - 1, 0, 30));
  return std::min(options.backoff_base * doublings, options.backoff_cap) * random;
}

}  // namespace millrace
