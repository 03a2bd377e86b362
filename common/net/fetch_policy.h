// What answers mean and how long to wait before the same is asked again. Pure. Inside common/net only.
#pragma once

#include "absl/time/time.h"
#include "common/net/fetch_reason.h"
#include "common/net/http_fetcher.h"

namespace millrace {

// Of an answer without the wanted body.
FetchReason ReasonOf(int status);

// Whether the same request may be answered better a moment later: 408, 429, 500, 502, 503, 504. Not 501 and 505, which
// say that the server cannot, nor 4xx, which say that the request is wrong.
bool MayPass(int status);

// Before try n + 1 after `tries`, full jitter: hosts that failed together do not come back together.
// `random`: uniform in [0, 1). Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
absl::Duration Backoff(const HttpOptions& options, int tries, double random);

}  // namespace millrace
