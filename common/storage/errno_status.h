// How the kernel's error numbers become statuses: one table, so that every file operation answers alike.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace millrace {

// "<path>: no space left on device", with the code that storage.h promises. `error` is an errno value, not 0.
absl::Status ErrnoStatus(int error, absl::string_view path);

}  // namespace millrace
