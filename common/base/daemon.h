// What both daemons need of the process: signals as something to wait for, an address file, a token file.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace millrace {

// Turns SIGTERM and SIGINT from something that interrupts into something that is waited for; ignores SIGPIPE. Call in
// main before any thread is started, because threads inherit the mask.
void BlockSignals();
// The number of the next SIGTERM or SIGINT, or nothing after `timeout`.
std::optional<int> WaitForSignal(absl::Duration timeout);

// Writes "text\n" under `path` in one step (temporary file, then rename): whoever sees the file sees all of it.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view text, int mode = 0644);

// The token in `path`, one line; made on the first call (random, mode 0600).
absl::StatusOr<std::string> ReadOrMakeToken(const std::string& path);
// The token a client uses: of `path` if not empty, else $MILLRACE_TOKEN, else none.
absl::StatusOr<std::string> ClientToken(const std::string& path);

// Random bytes from the kernel, as hex digits (2 a byte).
std::string RandomHex(int bytes);

}  // namespace millrace
